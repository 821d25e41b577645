"""Status and headers as an application gives them: checked once, ready to be sent. PEP 3333."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple

_STATUS = re.compile(r'[1-9][0-9]{2}(?: .*)?', re.DOTALL)
_CONTROL = re.compile(r'[\x00-\x1f\x7f]')
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Tab is allowed in a value, as in RFC 9110 section 5.5.
_VALUE_CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
# All of that at once, for a status and headers that are joined by NULs.
_WHOLE = re.compile(
    r"[1-9][0-9]{2}(?: [ -~\x80-\xff]*)?(?:\0[!#$%&'*+\-.^_`|~0-9A-Za-z]+\0[\t -~\x80-\xff]*)*"
)
# An application answers with few different heads, or with ever new ones: then remembering them is in vain.
_MOST_KNOWN = 256
_LONGEST_KNOWN = 1024

Headers = List[Tuple[str, str]]


class Head:
    """One checked head."""

    __slots__ = ('length', 'length_text', 'needs_no_body', 'payload')

    def __init__(self, texts: List[str]) -> None:
        status = texts[0]
        given = [at for at in range(1, len(texts), 2) if texts[at].lower() == 'content-length']
        # What Content-Length says, of several the last one; None: there is none.
        self.length_text: Optional[str] = None
        # None: it is no number.
        self.length: Optional[int] = None
        if given:
            self.length_text = text = texts[given[-1] + 1].strip(' \t')
            if text.isascii() and text.isdigit():
                self.length = int(text)
            for at in reversed(given):
                del texts[at : at + 2]
            texts += ('Content-Length', text)
        self.needs_no_body = status[:3] in ('204', '304')
        # Of the RESPONSE frame.
        self.payload = '\0'.join(texts).encode('latin-1')


# By status and headers, which are str and tuples of str, no subclasses.
_known: Dict[Tuple[str, Tuple[Tuple[str, str], ...]], Head] = {}


def check_head(status: str, headers: Headers) -> Head:
    """Raises TypeError or ValueError for what PEP 3333 and HTTP do not allow."""
    if type(headers) is not list:
        return Head(_check_each(status, headers))
    try:
        # What is equal to something that was checked is sent as that was.
        head = _known.get((status, tuple(headers)))
        if head is not None:
            return head
    except TypeError:
        # Something cannot be compared, and is no text.
        pass
    return _check_anew(status, headers)


def _check_anew(status: str, headers: Headers) -> Head:
    texts = [status]
    try:
        for pair in headers:
            if type(pair) is not tuple:
                raise TypeError
            name, value = pair
            texts += (name, value)
        text = '\0'.join(texts)
        # As many NULs as there are gaps, or some text has one of its own.
        if text.count('\0') != 2 * len(headers):
            raise ValueError
    except (TypeError, ValueError):
        text = ''
    if not _WHOLE.fullmatch(text):
        return Head(_check_each(status, headers))
    if len(text) > _LONGEST_KNOWN:
        return Head(texts)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    # Of texts that are nothing but texts.
    texts = text.split('\0')
    key = (texts[0], tuple(zip(texts[1::2], texts[2::2])))
    head = _known[key] = Head(texts)
    return head


def _check_each(status: str, headers: Headers) -> List[str]:
    """Says what is wrong, or that nothing is but the types, which may be subclasses."""
    _check_status(status)
    if not isinstance(headers, list):
        raise TypeError('headers must be a list, not %s' % type(headers).__name__)
    texts = [status]
    for pair in headers:
        if not isinstance(pair, tuple):
            raise TypeError('a header must be a tuple of name and value, not %s' % type(pair).__name__)
        if len(pair) != 2:
            raise ValueError('a header must be a tuple of name and value, not of %d' % len(pair))
        _check_header(*pair)
        texts += pair
    return texts


def _check_status(status: str) -> None:
    if not isinstance(status, str):
        raise TypeError('status must be str, not %s' % type(status).__name__)
    status.encode('latin-1')
    if not _STATUS.fullmatch(status):
        raise ValueError('status %r is not three digits, a space and a reason' % status)
    if _CONTROL.search(status):
        raise ValueError('status %r holds a control character' % status)


def _check_header(name: str, value: str) -> None:
    if not isinstance(name, str):
        raise TypeError('a header name must be str, not %s' % type(name).__name__)
    if not isinstance(value, str):
        raise TypeError('the value of header %r must be str, not %s' % (name, type(value).__name__))
    name.encode('latin-1')
    value.encode('latin-1')
    if not _NAME.fullmatch(name):
        raise ValueError('%r is no header name' % name)
    if _VALUE_CONTROL.search(value):
        raise ValueError('the value of header %r holds a control character: %r' % (name, value))
