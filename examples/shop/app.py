"""The application: what it is put together of, and what it opens and closes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shop import accounts, admin, api, cart, catalogue, orders
from shop.database import Status, connect
from shop.news import News
from shop.pages import FOLDER, show_error, templates
from shop.seed import fill
from shop.settings import Settings
from velocipy import Depends, HTTPException, MemoryStorage, StaticFiles, ValidationError, VelociPy
from velocipy.limiter import Limiter, rate_limit
from velocipy.limiter.storage import MemoryStorage as LimiterStorage
from velocipy.middleware import ContentSecurityPolicy, SecurityHeadersMiddleware, TrustedHostMiddleware
from velocipy.security import CSRFMiddleware
from velocipy.sessions import SessionMiddleware, SessionStore
from velocipy.templates import TemplatesPlugin

POLICY = ContentSecurityPolicy(
    default_src="'self'", object_src="'none'", base_uri="'none'", form_action="'self'", frame_ancestors="'none'"
)


def create_app(settings: Settings | None = None) -> VelociPy:
    """Return the shop; by default with the settings of the environment."""
    settings = settings or Settings()
    pictures = settings.folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
        engine, sessions = connect(settings.folder / "shop.sqlite")
        try:
            await fill(engine, sessions, settings, pictures)
            news = {"stock_news": News[int](), "order_news": News[Status]()}
            yield {"settings": settings, "sessions": sessions, **news}
        finally:
            await engine.dispose()

    app = VelociPy(settings.title, lifespan=lifespan, plugins=[TemplatesPlugin(templates)])

    app.add_middleware(SecurityHeadersMiddleware, hsts=True, content_security_policy=POLICY)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts)
    app.add_middleware(SessionMiddleware, store=SessionStore(MemoryStorage()), max_age=86_400, lifetime=7 * 86_400)
    secret_key = settings.secret_key.get_secret_value()
    app.add_middleware(CSRFMiddleware, secret_key=secret_key, exempt=["/api/*"])  # which knows no cookies

    for failure in (HTTPException, ValidationError, 500):
        app.add_exception_handler(failure, show_error)
    app.add_exception_handler(accounts.LoginNeeded, accounts.ask_to_log_in)
    app.add_exception_handler(orders.OutOfStock, orders.tell_out_of_stock)

    limiter = Limiter(LimiterStorage(), headers="ratelimit")
    app.include_router(accounts.attempts, dependencies=[Depends(rate_limit(limiter, settings.login_limit))])
    app.include_router(api.router, dependencies=[Depends(rate_limit(limiter, settings.api_limit))])
    for module in (catalogue, cart, accounts, orders):
        app.include_router(module.router)
    app.include_router(admin.router)
    app.mount("/static", StaticFiles(FOLDER / "static", cache_control=StaticFiles.IMMUTABLE), name="static")
    app.mount("/pictures", StaticFiles(pictures, cache_control=StaticFiles.IMMUTABLE), name="pictures")
    return app
