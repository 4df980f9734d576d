"""
A shelf of books: a lifespan, validated input, dependencies, a guard at the door, and names for the documents.

Serve it with `python basic.py`, or in this folder with `granian --interface rsgi basic:app` or `uvicorn basic:app`.

    curl http://127.0.0.1:8000/books
    curl http://127.0.0.1:8000/books -H "Authorization: Bearer feathers" --json '{"title": "Emma", "pages": 474}'
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Annotated

from velocipy import Depends, Header, HTTPException, Query, Request, VelociPy

TOKEN = os.environ.get("SHELF_TOKEN", "feathers")


@dataclass
class NewBook:
    title: str
    pages: int


@dataclass
class Book(NewBook):
    id: int


@dataclass
class Shelf:
    books: dict[int, Book] = field(default_factory=dict[int, Book])

    def add(self, new: NewBook) -> Book:
        book = Book(new.title, new.pages, id=max(self.books, default=0) + 1)
        self.books[book.id] = book
        return book

    def find(self, id: int) -> Book:
        if id not in self.books:
            raise HTTPException(404, f"there is no book {id}")
        return self.books[id]


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Shelf]]:
    shelf = Shelf()  # a real application opens its database here
    shelf.add(NewBook("Jurassic Park", 399))
    yield {"shelf": shelf}  # every request finds it in request.state
    shelf.books.clear()  # and closes it here


app = VelociPy(title="A shelf of books", version="1.0.0", lifespan=lifespan)


async def the_shelf(request: Request) -> Shelf:
    shelf: Shelf = request.state.shelf
    return shelf


async def page(skip: Annotated[int, Query(ge=0)] = 0, take: Annotated[int, Query(ge=1, le=100)] = 20) -> slice:
    return slice(skip, skip + take)


async def authenticate(authorization: Annotated[str, Header()] = "") -> None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(token.encode(), TOKEN.encode()):
        raise HTTPException(401, "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})


TheShelf = Annotated[Shelf, Depends(the_shelf)]
Page = Annotated[slice, Depends(page)]
Authenticated = Annotated[None, Depends(authenticate)]


@app.get("/", tags=["about"], summary="Say hello")
async def index() -> dict[str, str]:
    return {"hello": "VelociPy"}


@app.get("/books", tags=["books"], summary="List the books, a page at a time")
async def list_books(shelf: TheShelf, page: Page) -> list[Book]:
    return list(shelf.books.values())[page]


@app.post("/books", status_code=201, tags=["books"], summary="Put a book on the shelf")
async def add_book(book: NewBook, shelf: TheShelf, _: Authenticated) -> Book:
    return shelf.add(book)


@app.get("/books/{id}", tags=["books"], summary="Read one book")
async def read_book(id: int, shelf: TheShelf) -> Book:
    return shelf.find(id)


@app.delete("/books/{id}", tags=["books"], summary="Take a book from the shelf")
async def remove_book(id: int, shelf: TheShelf, _: Authenticated) -> None:
    del shelf.books[shelf.find(id).id]


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    Granian("basic:app", address="127.0.0.1", port=8000, interface=Interfaces.RSGI).serve()
