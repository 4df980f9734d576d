"""Accounts: who somebody is, from the first form to the last."""

from typing import Annotated, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shop.database import Database, User
from shop.pages import see, templates
from velocipy import Depends, Form, HTTPException, RedirectResponse, Request, Response, Router
from velocipy.security import PasswordHasher, hash_api_key, is_safe_url, make_api_key
from velocipy.sessions import Session

Email = Annotated[str, Form(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
NewPassword = Annotated[str, Form(min_length=10, max_length=200, pattern=r"^[^\0]*$")]
Next = Annotated[str, Form(alias="next")]

passwords = PasswordHasher()
router = Router(include_in_schema=False)
attempts = Router(include_in_schema=False)  # which a stranger could make often; the application limits their rate


class LoginNeeded(Exception):
    """Nobody is logged in, and somebody has to be."""


async def ask_to_log_in(request: Request, error: LoginNeeded) -> Response:
    """Answer a LoginNeeded: with the login, and back from there to the page that was asked for."""
    back = request.root_path + request.path if request.method == "GET" else ""
    return RedirectResponse(request.url_for("login", next=back), 303)


async def find_user(session: Session, db: Database) -> User:
    """Return who is logged in."""
    user = await db.get(User, int(session.user)) if session.user else None
    if user is None:
        raise LoginNeeded
    return user


Customer = Annotated[User, Depends(find_user, scope="handler")]


async def find_admin(user: Customer) -> User:
    """Return who is logged in, if that is an administrator; asked of the database each time."""
    if not user.is_admin:
        raise HTTPException(403)
    return user


def begin(session: Session, user: User) -> None:
    """Log *user* in: under a new id, so that nobody who knew the old one is logged in as well."""
    session.rotate(user=str(user.id))
    session["name"], session["is_admin"] = user.name, user.is_admin


def go_on(request: Request, url: str) -> Response:
    """Send the browser to where it wanted to go, if that is a page of ours."""
    return RedirectResponse(url, 303) if is_safe_url(url) else see(request, "home")


@router.get("/login", name="login", response_class=templates.page("login.html"))
async def show_login(next: str = "") -> dict[str, Any]:
    return {"next": next}


@router.get("/register", name="register", response_class=templates.page("register.html"))
async def show_register(next: str = "") -> dict[str, Any]:
    return {"next": next}


@attempts.post("/login")
async def log_in(
    request: Request,
    session: Session,
    db: Database,
    email: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    url: Next = "",
) -> Response:
    user = await db.scalar(select(User).where(User.email == email.lower()))
    check = await passwords.verify(password, user.password_hash if user else None)  # takes as long for nobody
    if user is None or not check:
        context = {
            "next": url,
            "email": email,
            "error": "No account has this e-mail address and this password.",
        }
        return templates.TemplateResponse("login.html", context, status_code=400)
    if check.new_hash is not None:  # made with stronger settings
        user.password_hash = check.new_hash
        await db.commit()
    begin(session, user)
    return go_on(request, url)


@attempts.post("/register")
async def register(
    request: Request,
    session: Session,
    db: Database,
    name: Annotated[str, Form(min_length=1, max_length=80)],
    email: Email,
    password: NewPassword,
    url: Next = "",
) -> Response:
    user = User(name=name, email=email.lower(), password_hash=await passwords.hash(password))
    db.add(user)
    try:
        await db.commit()
    except IntegrityError:
        context = {"next": url, "name": name, "email": email, "error": "There is an account with this e-mail address."}
        return templates.TemplateResponse("register.html", context, status_code=409)
    begin(session, user)
    session.flash(f"Welcome, {name}!", "good")
    return go_on(request, url)


@router.post("/logout", name="logout")
async def log_out(request: Request, session: Session) -> Response:
    session.clear()
    session.flash("You are logged out.")
    return see(request, "home")


@router.get("/account", name="account", response_class=templates.page("account.html"))
async def show_account(user: Customer) -> dict[str, Any]:
    return {"user": user}


@router.post("/account/key", name="make_key", response_class=templates.page("account.html"))
async def make_key(user: Customer, db: Database) -> dict[str, Any]:
    key = make_api_key("shop_")
    user.api_key_hash = hash_api_key(key)  # all that is kept: nobody can be told the key again
    await db.commit()
    return {"user": user, "key": key}
