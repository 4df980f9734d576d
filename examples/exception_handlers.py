"""
Errors: your own exceptions as answers, by class and by status, for all routes or those of a router.

Serve it with `granian --interface rsgi exception_handlers:app`. What nobody expected is a logged 500.
"""

from velocipy import APIRouter, HTTPException, JSONResponse, PlainTextResponse, Request, ValidationError, VelociPy

app = VelociPy()
pens = APIRouter(prefix="/pens")


class Escaped(Exception):
    def __init__(self, animal: str) -> None:
        super().__init__(animal)
        self.animal = animal


@app.exception_handler(Escaped)
async def on_escape(request: Request, error: Escaped) -> JSONResponse:
    return JSONResponse({"escaped": error.animal}, status_code=409)


@app.exception_handler(404)  # for paths that no route has, too
def on_not_found(request: Request, error: HTTPException) -> PlainTextResponse:
    return PlainTextResponse(f"nothing at {request.path}", 404)


@app.exception_handler(ValidationError)
async def on_invalid(request: Request, error: ValidationError) -> JSONResponse:
    return JSONResponse({"wrong": [fault["loc"][-1] for fault in error.errors]}, status_code=400)


async def on_escape_from_pen(request: Request, error: Escaped) -> JSONResponse:
    return JSONResponse({"escaped": error.animal, "from": request.path}, status_code=423)


pens.add_exception_handler(Escaped, on_escape_from_pen)  # the innermost counts


@pens.get("/{number}")
async def read_pen(number: int) -> None:
    raise Escaped("three raptors")


@app.get("/gate")
async def gate() -> None:
    raise Escaped("a goat")


@app.get("/fence")
async def fence() -> None:
    raise HTTPException(503, {"volts": 0}, headers={"Retry-After": "60"})


@app.get("/lab")
async def lab() -> None:
    raise RuntimeError("the embryos are gone")


app.include_router(pens)
