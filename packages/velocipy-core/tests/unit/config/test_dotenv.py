"""`.env` files: what a line means, and which cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.config.dotenv import MalformedLine, parse

ENVIRONMENT = {"HOME": "/home/rex", "EMPTY": ""}

READ = {
    "A=b": "b",
    "A = b ": "b",
    "  export\tA=b": "b",
    "A=": "",
    "A=  ": "",
    "A=#": "",
    "A=b #c": "b",
    "A=b#c": "b#c",
    "A='b' # c": "b",
    "A='b #c'": "b #c",
    "A=b'c'": "b'c'",
    "A=b c": "b c",
    "A=b=c": "b=c",
    "A=C:\\new": "C:\\new",
    "A='C:\\new'": "C:\\new",
    'A="a\\nb\\t\\"\\\\\\$"': 'a\nb\t"\\$',
    'A="\\q"': "\\q",
    'A="b\n\n c"': "b\n\n c",
    "A='b\nc'": "b\nc",
    'A="b\r\nc"\r\n': "b\nc",
    "A=$HOME": "$HOME",
    "A=`id`$(id)": "`id`$(id)",
    "A=${HOME}/x": "/home/rex/x",
    'A="${HOME}/x"': "/home/rex/x",
    "A='${HOME}/x'": "${HOME}/x",
    'A="\\${HOME}"': "${HOME}",
    "A=${NONE:-x}": "x",
    "A=${NONE:-}": "",
    "A=${EMPTY:-x}": "",
    "B=1\nA=${B}${B}": "11",
    "HOME=/other\nA=${HOME}": "/home/rex",
    "A=${A:-1}\nA=${A}2": "12",
    "A=1\nA=2": "2",
    "# A=1\n\n \t\n#\nA=2\n#": "2",
    "\ufeffA=b": "b",
    "A=ünï": "ünï",
    "A=a\u2028b": "a\u2028b",
    "A=b\rB=c": "b",
}
WRONG = {
    "A": 1,
    "B=1\nA b": 2,
    "A: b": 1,
    "=b": 1,
    "1A=b": 1,
    "A-=1\nÄ=b": 2,
    "\n\nA='b": 3,
    'A="b\\"': 1,
    'A="b" c\nB=\'': 1,
    "A='b''c'": 1,
    "A=1\nB=${NONE}": 2,
    "A=${A}": 1,
    'A="\n\n"\nB': 4,
    "export": 1,
}


@pytest.mark.parametrize(("text", "number"), WRONG.items(), ids=map(repr, WRONG))
def test_a_malformed_line_is_named_and_its_value_is_not(text: str, number: int) -> None:
    with pytest.raises(MalformedLine, match=f"^line {number}: ") as raised:
        parse(text.encode(), ENVIRONMENT)
    assert raised.value.number == number


def test_bytes_that_are_no_utf_8_are_a_malformed_line() -> None:
    with pytest.raises(MalformedLine, match="^line 2: it is no UTF-8"):
        parse(b"A=1\nB=\xff", {})


@pytest.mark.parametrize(("text", "value"), READ.items(), ids=map(repr, READ))
def test_a_line_means(text: str, value: str) -> None:
    assert parse(text.encode(), ENVIRONMENT)["A"].value == value


def test_the_number_is_that_of_the_line_where_a_value_begins() -> None:
    lines = parse(b"\n# c\nA=1\nB='\n\n'\nC=2\n", {})
    assert {name: line.number for name, line in lines.items()} == {"A": 3, "B": 4, "C": 7}


def test_an_empty_file_has_nothing() -> None:
    assert parse(b"", {}) == {}


names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_.-]{0,8}\Z").filter(lambda name: name != "export")
values = st.text(st.characters(exclude_characters="\r", codec="utf-8"), max_size=30)
escape = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$"})


@given(st.dictionaries(names, values))
def test_what_is_quoted_is_read_back(given: dict[str, str]) -> None:
    text = "".join(f'{name}="{value.translate(escape)}"\n' for name, value in given.items())
    assert {name: line.value for name, line in parse(text.encode(), {}).items()} == given


@given(st.binary(max_size=60) | st.text("A='\"\\#$ {}\n:-", max_size=40).map(str.encode))
def test_whatever_is_in_a_file_it_is_read_or_malformed(data: bytes) -> None:
    try:
        numbers = [line.number for line in parse(data, {}).values()]
    except MalformedLine as error:
        numbers = [error.number]
    assert all(1 <= number <= data.count(b"\n") + data.count(b"\r") + 1 for number in numbers)
