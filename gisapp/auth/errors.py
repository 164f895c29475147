"""What can go wrong with an account.

AuthError
├── WrongLogin       no such account, a wrong password, or an account that is closed: told alike
├── TooManyTries     the name, the address or everybody tried too often; nothing was checked
├── LoginTaken       an account of that name exists
├── UnknownLogin     no account of that name (told to operators only)
├── WeakPassword     the password is too short or too long
├── SamePassword     the new password is the old one
├── BadAccount       a login or a name that cannot be used, or no role
├── StaleAccount     somebody else changed the account meanwhile
├── LastAdmin        nobody would be left who may change accounts
├── ProviderAway     the provider of the single sign-on does not answer, or not as it should
├── ProviderRefused  what came back from the provider does not fit what was asked, or is not signed by it
└── NotAdmitted      the provider knows the person, the town's rules give them no role
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


class SamePassword(AuthError):
    code = "same_password"


class BadAccount(AuthError):
    code = "bad_account"


class StaleAccount(AuthError):
    code = "stale_account"


class LastAdmin(AuthError):
    code = "last_admin"


class ProviderAway(AuthError):
    code = "provider_away"


class ProviderRefused(AuthError):
    code = "provider_refused"


class NotAdmitted(AuthError):
    code = "not_admitted"
