"""What can go wrong with an account.

AuthError
├── WrongLogin     no such account, a wrong password, or an account that is closed: told alike
├── TooManyTries   the name was tried too often; nothing was checked
├── LoginTaken     an account of that name exists
├── UnknownLogin   no account of that name (told to operators only)
└── WeakPassword   the password is too short
"""

from __future__ import annotations


class AuthError(Exception):
    """Anything about accounts that is refused. code names the sentence, values fill it."""

    code = "auth_error"

    def __init__(self, value: object = "") -> None:
        super().__init__(value)
        self.value = value


class WrongLogin(AuthError):
    code = "wrong_login"


class TooManyTries(AuthError):
    code = "too_many_tries"


class LoginTaken(AuthError):
    code = "login_taken"


class UnknownLogin(AuthError):
    code = "unknown_login"


class WeakPassword(AuthError):
    code = "weak_password"
