"""
Work behind the answer: the client has it at once, and the rest is done when it has left.

Serve it with `granian --interface rsgi background_tasks:app`.
"""

from typing import Annotated

from velocipy import BackgroundTasks, Depends, VelociPy

app = VelociPy()
outbox: list[str] = []
audit: list[str] = []


async def send_mail(to: str, *, text: str) -> None:
    outbox.append(f"{to}: {text}")


def write_audit(line: str) -> None:  # a plain function runs in a worker thread
    audit.append(line)


async def audited(name: str, tasks: BackgroundTasks) -> str:  # the same tasks as the handler's
    tasks.add_task(write_audit, f"{name} was fed")
    return name


@app.post("/feedings/{name}", status_code=202)
async def feed(name: Annotated[str, Depends(audited)], tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(send_mail, "keeper@example.com", text=f"feed {name}")
    return {"ordered": name}


async def weigh(name: str) -> None:
    outbox.append(f"{name} was weighed")


@app.post("/weighings/{name}", status_code=202)
async def order_weighing(name: str) -> dict[str, str]:
    app.add_task(weigh, name)  # begins now, beside the request, and belongs to the application
    return {"ordered": name}


@app.get("/done")
async def done() -> dict[str, list[str]]:
    return {"outbox": outbox, "audit": audit}
