"""Password hashing by argon2id: slow and hungry on purpose, so both functions run in the pool."""

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)  # 64 MiB, 3 passes, 4 lanes

# A hash of a password that nobody knows: checking against it takes as long as against a real one.
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$pYN90IVfd42Xy4TGzf4R/A$UT4uMSnbg8paDC6GqhwzJ8+xYdQ8YwkPiCB2+oc82mA"


def hash_password(password: str) -> str:
    """The hash with its salt and parameters, as one string."""
    return HASHER.hash(password)


def check_password(hashed: str, password: str) -> bool:
    """Whether `password` made `hashed`, with whatever parameters that one was made."""
    try:
        return HASHER.verify(hashed, password)
    except VerifyMismatchError:
        return False
