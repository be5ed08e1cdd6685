"""Password hashes: right, wrong, salted, and no bigger than a worker may grow."""

from ai.passwords import NOBODYS_HASH, check_password, hash_password


def test_the_right_password_fits_and_a_wrong_one_does_not():
    hashed = hash_password("contraseña 🔑")
    assert check_password(hashed, "contraseña 🔑")
    assert not check_password(hashed, "contraseña")


def test_the_same_password_hashes_differently_each_time():
    assert hash_password("x") != hash_password("x")


def test_a_hash_takes_the_second_parameters_recommended_by_rfc_9106():
    assert hash_password("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_nobodys_hash_costs_what_a_real_one_costs():
    assert not check_password(NOBODYS_HASH, "")
    assert NOBODYS_HASH.split("$")[:4] == hash_password("x").split("$")[:4]
