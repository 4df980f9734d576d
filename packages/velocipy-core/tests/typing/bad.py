"""What type checkers must refuse; each line with an error ends with a mark. Never run."""

import velocipy
import velocipy.plugin
from velocipy import HTTPException, Request, Response, StreamingResponse, VelociPie, VelociPy  # error

app = VelociPy(lifspan=None)  # error
app = VelociPy(max_content_length="1 MiB")  # error
app = VelociPy(form_limits=5)  # error
app.gett("/")  # error
app.add_route(5, print)  # error
app.include_router("items")  # error
app.exception_handler("404")  # error


@app.get("/")
async def index(request: Request) -> str:
    print(request.path.missing)  # error
    number: int = request.headers["x"]  # error
    request.headers["x"] = "y"  # error
    text: str = await request.body()  # error
    print(request.client.host)  # error
    return number, text  # error


Response(status_code="200")  # error
Response(headers={"a": 1})  # error
Response().set_cookie("a", samesite="loose")  # error
StreamingResponse(5)  # error
HTTPException("404")  # error
app.dependency_overrides["page"] = index  # error
velocipy.FormLimits(max_parts=5)  # error
velocipy.UploadFile(b"content")  # error


async def upload(file: velocipy.UploadFile) -> None:
    text: str = await file.read()  # error
    await file.write(b"")  # error
    print(text)


class Settings(velocipy.Config, env_prefix="SHOP_"):
    token: velocipy.Secret[str]
    size: int = "5"  # error


settings = Settings("token")  # error
print(settings.missing)  # error
word: int = settings.token.get_secret_value()  # error
other: int = velocipy.Config.get(Settings)  # error
velocipy.Config.register(int)  # error
velocipy.Config.get(5)  # error


class Plugin:
    name = 3

    def setup(self, setup: velocipy.plugin.Setup) -> None:
        setup.add_nothing()  # error
        setup.provide(velocipy.plugin.Key[int]("length"), "five")  # error


velocipy.VelociPy(plugins=[Plugin()])  # error
velocipy.Router().plug(Plugin)  # error
