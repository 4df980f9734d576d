"""
Settings of a program: typed, from the environment, checked before the first request.

Serve it with `BOARD_TITLE="Sightings" granian --interface rsgi config:app`, or print what is read: `python config.py`.
"""

from velocipy import Config, Secret, VelociPy


class Mail(Config):
    host: str = "localhost"
    port: int = 25
    password: Secret[str] | None = None


@Config.register
class Board(Config, env_prefix="BOARD_", env_file="board.env"):
    title: str = "Notes"
    most: int = 100
    mail: Mail


board = Config.get(Board)
app = VelociPy(board.title)


@app.get("/")
async def index() -> dict[str, str | int]:
    return {"title": board.title, "most": board.most, "mail": f"{board.mail.host}:{board.mail.port}"}


if __name__ == "__main__":
    print(board)
