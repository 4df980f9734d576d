"""
Middleware: a function, a class, some that are built in, and one around a single route.

Serve it with `granian --interface rsgi middleware:app`. The first that is added is the outermost.
"""

from velocipy import HTTPException, Request, Response, VelociPy
from velocipy.middleware import (
    CORSMiddleware,
    GZipMiddleware,
    HTTPApp,
    RequestIDMiddleware,
    SecurityHeadersMiddleware,
    TimingMiddleware,
)

app = VelociPy()
app.add_middleware(RequestIDMiddleware)
app.add_middleware(TimingMiddleware)
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
app.add_middleware(SecurityHeadersMiddleware)
app.add_middleware(GZipMiddleware, minimum_size=500)


@app.middleware("http")
async def name_the_server(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    response.headers["X-Served-By"] = "Blue"
    return response


class Maintenance:
    def __init__(self, *, path: str) -> None:
        self.path = path

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        if request.path.startswith(self.path):
            raise HTTPException(503, "back soon", headers={"Retry-After": "60"})
        return await call_next(request)


app.add_middleware(Maintenance, path="/shop")


async def no_store(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/")
async def index(request: Request) -> dict[str, str]:
    return {"request": request.state["request_id"]}


@app.get("/secret", middleware=[no_store])
async def secret() -> str:
    return "feathers " * 100
