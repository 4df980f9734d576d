"""The application: all parts of the shop, webhooks, WebSockets, and its document at /openapi.json."""

from velocipy import VelociPy, WebSocket
from velocipy.description import describe
from velocipy.openapi import Content, OpenAPIPlugin

from . import answers, bodies, guarded, places
from .models import Product

hooks = VelociPy()


@hooks.post("/sold")
async def sold(product: Product) -> None:
    """Tell that something was sold."""


CONTENT = Content(
    webhooks=describe(hooks),
    external_docs={"url": "https://example.com/docs"},
    extra={"x-logo": {"url": "https://example.com/logo.svg"}},
)
app = VelociPy(
    "Shop",
    "2.1",
    summary="It sells",
    description="Everything that a document tells.",
    terms_of_service="https://example.com/terms",
    contact={"name": "Robert", "email": "robert@example.com"},
    license_info={"name": "MIT", "identifier": "MIT"},
    openapi_tags=[{"name": "places", "description": "Where values stand"}],
    plugins=[OpenAPIPlugin(content=CONTENT)],
)
for part in (places, bodies, answers, guarded):
    app.include_router(part.router)
for method, path in ((app.get, "/ends"), (app.put, "/ends"), (app.delete, "/ends")):

    @method(path)
    async def end() -> int:
        return 1


@app.websocket("/chat/{room}", tags=["chat"])
async def chat(socket: WebSocket, room: int, name: str = "") -> None:
    """Chat in a room."""
    await socket.accept()
