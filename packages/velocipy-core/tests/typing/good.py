"""What type checkers must accept; never run."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, assert_type

from velocipy import (
    APIRouter,
    Body,
    ClientDisconnect,
    Config,
    ConfigError,
    Cookie,
    Depends,
    File,
    FileResponse,
    Form,
    FormLimits,
    Header,
    HTMLResponse,
    HTTPConnection,
    HTTPException,
    JSONResponse,
    Path,
    PlainTextResponse,
    Query,
    RedirectResponse,
    Request,
    Response,
    Router,
    Secret,
    Security,
    SecurityScopes,
    State,
    StaticFiles,
    StreamingResponse,
    UploadFile,
    UploadStream,
    ValidationError,
    VelociPy,
    raises,
)
from velocipy.description import ApplicationDescription, describe
from velocipy.plugin import Key, RequestFinished, Setup
from velocipy.security_scheme import HTTPScheme


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncGenerator[dict[str, Any], None]:
    app.state.pool = 1
    yield {"pool": app.state.pool}


@asynccontextmanager
async def silent(app: VelociPy) -> AsyncGenerator[None, None]:
    yield


app = VelociPy("Shop", "1.0.0", debug=False, lifespan=lifespan, max_content_length=None)
other = VelociPy(lifespan=silent)
router = Router("/items", tags=["items"])
app.include_router(router)
app.mount("/static", StaticFiles("static", html=True, cache_control={"*": StaticFiles.IMMUTABLE}), name="static")
app.include_router(APIRouter(), "/more")


async def page(number: Annotated[int, Query(ge=1)] = 1) -> int:
    return number


def resource() -> Iterator[str]:
    yield "open"


class Bearer:
    security_scheme = HTTPScheme(scheme_name="Bearer", scheme="bearer")

    @raises(401, "Not authenticated", headers={"WWW-Authenticate": "Bearer"})
    async def __call__(self, wanted: SecurityScopes) -> str:
        assert_type(wanted.scopes, tuple[str, ...])
        return wanted.scope_str


@app.get("/secure")
@raises(404)
async def secure(user: str = Security(Bearer(), scopes=["me"])) -> str:
    return user


assert_type(describe(app), ApplicationDescription)


@app.get("/")
async def index() -> dict[str, str]:
    return {}


@app.post("/plain", status_code=201)
def plain(name: str = Body(), token: str = Header(), session: str | None = Cookie(default=None)) -> list[int]:
    return [len(name), len(token), len(session or "")]


@router.get("/{item}")
async def item(
    item: Annotated[int, Path(gt=0)],
    number: Annotated[int, Depends(page)],
    request: Request,
    opened: str = Depends(resource),
) -> Response:
    assert_type(request.header("x"), str | None)
    assert_type(request.headers["x"], str)
    assert_type(request.cookies, dict[str, str])
    assert_type(request.query_params["q"], str)
    assert_type(request.query_params.getlist("q"), list[str])
    assert_type(request.path_params, dict[str, str])
    assert_type(request.state, State)
    assert_type(request.app, VelociPy)
    if request.client is not None:
        assert_type(request.client.host, str)
        assert_type(request.client.port, int)
    assert_type(await request.body(), bytes)
    async for chunk in request.stream():
        assert_type(chunk, bytes)
    return PlainTextResponse("text", 200, {"x-a": "1"})


@app.put("/form")
async def form(tags: Annotated[list[str], Form()], a: str = Form()) -> Response:
    return JSONResponse([a, *tags])


# Decorators give back the function that they were given.
async def use() -> None:
    assert_type(await index(), dict[str, str])
    assert_type(plain("a", "b"), list[int])


@app.exception_handler(404)
async def missing(request: Request, error: HTTPException) -> Response:
    return HTMLResponse("<p>", error.status_code)


@app.exception_handler(ClientDisconnect)
def left(request: Request, error: ClientDisconnect) -> Response:
    return RedirectResponse("/")


async def chunks() -> AsyncIterator[bytes]:
    yield b""


StreamingResponse(chunks())
StreamingResponse(["a", b"b"])
response = Response(b"", headers=[("a", "b")])
response.set_cookie("a", "b", max_age=1, samesite="lax")
response.headers["x"] = "y"
response.headers.append("x", "z")
assert_type(ValidationError("wrong").errors[0]["loc"], list[str | int])
assert_type(ValidationError("wrong").errors()[0]["loc"], list[str | int])
app.dependency_overrides[page] = lambda: 5
app.dependency_overrides = {page: resource}


limited = VelociPy(multipart_max_memory_size=1000, form_limits=FormLimits(max_files=5, max_file_size=None))


@limited.post("/files")
async def files(
    file: UploadFile,
    several: list[UploadFile],
    content: Annotated[bytes, File(alias="c", max_length=5)],
    marked: UploadFile = File(),  # noqa: B008
    optional: UploadFile | None = None,
) -> int:
    assert_type(await file.read(5), bytes)
    await file.seek(0)
    assert_type(file.filename + file.content_type, str)
    return file.size + len(several) + len(content) + marked.size


@limited.post("/stream")
async def stream_of_file(file: UploadStream) -> int:
    return sum([len(chunk) async for chunk in file])


async def whole_form(request: Request) -> None:
    for _, value in (await request.form()).multi_items():
        assert_type(value, str | UploadFile)


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse("file.txt", filename="file.txt", content_disposition_type="inline")


class Database(Config):
    host: str
    port: int = 5432


@Config.register("shop")
class Settings(Config, env_prefix="SHOP_", env_file=(".env", ".env.local"), config_file="shop.toml"):
    token: Secret[str]
    database: Database
    tags: list[str] | None = None


@Config.register
class Testing(Settings, secrets_dir="/run/secrets"):
    pass


settings = Settings()  # the sources have what is not given
assert_type(Settings(token="a").token, Secret[str])
assert_type(settings.token.get_secret_value(), str)
assert_type(settings.database.port, int)
assert_type(Config.get(Testing), Testing)
assert_type(Config.get(Testing, None), Testing | None)
assert_type(Config.get("shop"), type[Config])
assert_type(Config.get("shop", default=5), type[Config] | int)
assert_type(settings.replace(tags=["a"]), Settings)
assert_type(settings.as_dict(), dict[str, Any])
assert_type([problem.name for problem in ConfigError("Settings", []).problems], list[str])


LENGTHS = Key[int]("good.lengths")


@dataclass(frozen=True)
class Lengths:
    name: str = "lengths"

    def setup(self, setup: Setup) -> None:
        setup.provide(LENGTHS, 5)
        assert_type(setup.find(LENGTHS), int | None)
        setup.add_dependency(Depends(dict))
        setup.add_lifespan(self.open)
        setup.on_request_finished(self.finished)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[dict[str, int]]:
        yield {"lengths": 5}

    def finished(self, connection: HTTPConnection, finished: RequestFinished) -> None:
        assert_type(finished.status, int | None)


plugged = VelociPy(plugins=[Lengths(), "sessions"])
plugged.plug(Lengths("more"))
plugged.provide(LENGTHS, 6)
VelociPy(plugins="installed")
