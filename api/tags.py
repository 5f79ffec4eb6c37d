"""Entity tags: what names one state of one answer, so that an unchanged one need not be sent again."""

from hashlib import blake2b


def strong(asked: str, reader: str, generation: str, form: str) -> str:
    """Of what was asked, by whom, of which state of the data, in which form: its very bytes."""
    return f'"{_digest(f"{reader} {generation} {asked}".encode())}-{form}"'


def weak(content: bytes, form: str) -> str:
    """Of content that has no generation: the same rows, though their answer tells another time."""
    return f'W/"{_digest(content)}-{form}"'


def named(if_none_match: bytes, tag: str) -> bool:
    """Whether a reader names the tag, by the weak comparison that reads use: so it was given to him."""
    if not if_none_match:
        return False
    bare = tag.removeprefix("W/")
    offered = if_none_match.decode("latin-1").split(",")
    return any(each.strip().removeprefix("W/") == bare for each in offered)


def matches(if_none_match: bytes, tag: str) -> bool:
    """Whether a reader has the state that the tag names; `*` has any state of what is there."""
    return if_none_match.strip() == b"*" or named(if_none_match, tag)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=12).hexdigest()
