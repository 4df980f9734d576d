"""
A shelf of books, in memory: a path, a dependency with queries, a validated body, an error.

Serve it, in this folder, with `granian --interface rsgi basic:app` or `uvicorn basic:app`.
"""

from dataclasses import dataclass
from typing import Annotated

from velocipy import Depends, HTTPException, Query, VelociPy


@dataclass
class NewBook:
    title: str
    pages: int


@dataclass
class Book(NewBook):
    id: int


app = VelociPy()
books: dict[int, Book] = {}


def page(skip: Annotated[int, Query(ge=0)] = 0, take: Annotated[int, Query(ge=1, le=100)] = 20) -> slice:
    return slice(skip, skip + take)


@app.get("/")
async def index() -> dict[str, str]:
    return {"hello": "VelociPy"}


@app.get("/books")
async def list_books(page: Annotated[slice, Depends(page)]) -> list[Book]:
    return list(books.values())[page]


@app.post("/books", status_code=201)
async def add_book(book: NewBook) -> Book:
    added = Book(book.title, book.pages, id=len(books) + 1)
    books[added.id] = added
    return added


@app.get("/books/{id}")
async def read_book(id: int) -> Book:
    if id not in books:
        raise HTTPException(404, f"there is no book {id}")
    return books[id]
