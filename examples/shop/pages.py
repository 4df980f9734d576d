"""How pages are made: the templates, what each of them has, and the pages of errors."""

from pathlib import Path
from typing import Any

from velocipy import (
    HTTPConnection,
    HTTPException,
    JSONResponse,
    RedirectResponse,
    Request,
    Response,
    Templates,
    ValidationError,
)
from velocipy.security import csrf_field

FOLDER = Path(__file__).parent

templates = Templates(FOLDER / "templates")
templates.globals["csrf_field"] = csrf_field


def show_price(cents: int) -> str:
    """Return a price as people write it."""
    return f"${cents // 100}.{cents % 100:02}"


templates.filters["price"] = show_price


@templates.add_context_processor
async def give_visitor(request: HTTPConnection) -> dict[str, Any]:
    """Give pages what their head shows of who is looking."""
    session = request.session
    return {
        "visitor": session.get("name"),
        "is_admin": session.get("is_admin", False),
        "in_cart": sum(session.get("cart", {}).values()),
        "flashes": session.pop_flashes(),
    }


def see(request: HTTPConnection, name: str, **values: object) -> RedirectResponse:
    """Send the browser to the page *name*, after a form that has done its work."""
    return RedirectResponse(request.url_for(name, **values), 303)


TOLD = {
    400: ("That did not work", "Something was wrong with the request."),
    403: ("This is not for you", "If you came here by a form, go back, reload the page, and send it again."),
    404: ("There is nothing here", "The page has moved, or there never was one."),
    413: ("That is too much", "The file, or the form, is larger than we take."),
    415: ("We cannot read that", "Pictures are PNG, JPEG or WebP."),
    422: ("Please check what you entered", "These fields are not right yet:"),
    429: ("One moment, please", "That was often. Wait a little, and try again."),
    500: ("That was our fault", "It has been written down, and we shall look into it."),
}


async def show_error(request: Request, error: Exception) -> Response:
    """Answer an error: with data below /api, with a page elsewhere."""
    status, headers, detail = 500, None, None
    if isinstance(error, ValidationError):
        status, detail = 422, error.errors
    elif isinstance(error, HTTPException):
        status, headers, detail = error.status_code, error.headers, error.detail
    if request.path.startswith("/api/"):
        return JSONResponse({"detail": detail or "Internal Server Error"}, status, headers)
    title, text = TOLD.get(status, (str(detail), "Please go back and try again."))
    faults = detail if status == 422 and isinstance(detail, list) else []
    context = {"status": status, "title": title, "text": text, "faults": faults}
    return templates.TemplateResponse("error.html", context, status_code=status, headers=headers)
