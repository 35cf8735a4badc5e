"""Values from the environment and from systemd; none of them is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtdata.core.errors import ConfigError
from tests.unit.config_folder import SECRET, Folder, fault, keys, one


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


def test_any_value_may_come_from_the_environment(folder: Folder) -> None:
    folder.environ = {"HOST": "h", "N": "5", "READY": "True", "KEY": "a.pem", "W": SECRET}
    site = one(
        folder,
        SERVER="https://${HOST}/api",
        EVERY="${N}m",
        READY="${READY}",
        PRIVATE_FILE=["${KEY}"],
        PASS="<${W}>",
    )
    assert (site.server, site.every_s, site.ready) == ("https://h/api", 300, True)
    assert site.private_files == (folder.home / "keys/a.pem",)
    assert site.password.get_secret_value() == f"<{SECRET}>"


def test_a_doubled_dollar_is_a_plain_one_and_a_lone_dollar_stays(folder: Folder) -> None:
    folder.environ = {"A": "${B}"}
    assert one(folder, PASS="$${A}$5$A").password.get_secret_value() == "${A}$5$A"
    assert one(folder, PASS="${A}").password.get_secret_value() == "${B}"


def test_an_unset_variable_is_a_fault_that_names_it_when_it_is_near_to_one_that_is_set(
    folder: Folder,
) -> None:
    folder.environ = {"STUDY_PASS": SECRET}
    assert fault(folder, PASS="${STUDY_PAS}").endswith(
        "PASS: the environment variable STUDY_PAS is not set"
    )
    assert fault(folder, PASS="${hunter2}${A_1}").endswith(
        "PASS: the environment variable (a name of 3 letters), (a name of 7 letters) is not set"
    )


def test_a_variable_that_is_not_set_may_be_a_file_among_the_credentials(
    folder: Folder, tmp_path: Path
) -> None:
    (tmp_path / "DB_PASS").write_text(f"{SECRET}\n")
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert one(folder, PASS="<${DB_PASS}>").password.get_secret_value() == f"<{SECRET}>"
    folder.environ["DB_PASS"] = "of the environment"
    assert one(folder, PASS="${DB_PASS}").password.get_secret_value() == "of the environment"


def test_a_variable_that_is_no_file_either_is_told_with_the_place(
    folder: Folder, tmp_path: Path
) -> None:
    (tmp_path / "DB_PASS").write_text("")
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    near = f"variable DB_PAS is not set, nor is there a file of that name in {tmp_path}"
    assert fault(folder, PASS="${DB_PAS}").endswith(near)
    assert "variable DB_PASS is not set" in fault(folder, PASS="${DB_PASS}"), "it is empty"
    assert "hunter2" not in fault(folder, PASS="${hunter2}")


def test_a_variable_whose_file_cannot_be_read_is_told_by_its_name_alone(
    folder: Folder, tmp_path: Path
) -> None:
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    (tmp_path / "DB_PASS").write_bytes(b"hunter2\xff")
    line = fault(folder, PASS="${DB_PASS}")
    assert line.endswith("PASS: the systemd credential DB_PASS is not UTF-8 text")
    long = "hunter2" * 40
    told = fault(folder, PASS=f"${{{long}}}")
    assert "(a name of 280 letters) cannot be read: File name too long" in told
    assert "hunter2" not in told


def test_a_variable_without_a_proper_name_is_a_fault(folder: Folder) -> None:
    for value in ("hunter2${", "hunter2${}", "hunter2${1A}", "hunter2${A-B}"):
        line = fault(folder, PASS=value)
        assert "PASS: after ${ a name and } are allowed" in line
        assert "hunter2" not in line


def test_the_value_of_a_variable_is_not_shown_in_a_fault(folder: Folder) -> None:
    folder.environ = {"DRIFT": SECRET, "S": f"ftp://{SECRET}"}
    assert fault(folder, DRIFT="${DRIFT}").endswith('rewrite or hold; found "${DRIFT}"')
    assert "hunter2" not in fault(folder, SERVER="${S}")


def test_the_account_comes_from_credential_then_environment_then_file(
    folder: Folder, tmp_path: Path
) -> None:
    def account() -> tuple[str, str]:
        site = folder.server({"u-va": keys(USER="file", PASS="file")}).load().sites[0]
        return site.user, site.password.get_secret_value()

    assert account() == ("file", "file")
    folder.environ = {"MTDATA_U_VA_USER": "env", "MTDATA_U_VA_PASS": "${env}"}
    assert account() == ("env", "${env}")
    folder.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    assert account() == ("env", "${env}")
    (tmp_path / "u-va.user").write_text("credential\n")
    (tmp_path / "u-va.pass").write_text("credential\n\n")
    assert account() == ("credential", "credential\n")


def test_an_account_from_outside_makes_the_keys_of_the_file_needless(folder: Folder) -> None:
    folder.environ = {"MTDATA_UVA_USER": "env", "MTDATA_UVA_PASS": "env"}
    assert one(folder, USER=..., PASS="${UNSET}").user == "env"


def test_an_empty_variable_counts_as_not_there(folder: Folder) -> None:
    folder.environ = {"MTDATA_UVA_USER": "", "MTDATA_UVA_PASS": "", "EMPTY": ""}
    assert one(folder).user == "admin"
    assert "found nothing (a READY site needs it)" in fault(folder, PASS="${EMPTY}")


def test_the_passphrase_comes_from_the_sites_variable_the_common_one_or_a_credential(
    folder: Folder, tmp_path: Path
) -> None:
    def passphrase() -> str | None:
        found = one(folder).passphrase
        return found.get_secret_value() if found else None

    (tmp_path / "uva.passphrase").write_text("credential\n")
    assert passphrase() is None
    folder.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    assert passphrase() == "credential"
    folder.environ["MTDATA_KEY_PASSPHRASE"] = "common"
    assert passphrase() == "common"
    folder.environ["MTDATA_UVA_PASSPHRASE"] = "own"
    assert passphrase() == "own"


def test_a_credential_that_cannot_be_read_is_a_fault(folder: Folder, tmp_path: Path) -> None:
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    (tmp_path / "uva.pass").write_bytes(b"hunter2\xff")
    line = fault(folder)
    assert "the systemd credential uva.pass is not UTF-8 text" in line
    assert "hunter2" not in line
    (tmp_path / "uva.pass").unlink()
    (tmp_path / "uva.pass").mkdir()
    assert "uva.pass cannot be read: Is a directory" in fault(folder)


def test_a_bad_name_is_never_used_to_look_for_a_credential(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "secret.user").write_text("stolen")
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    line = fault(folder, NAME="../secret")
    assert "NAME: allowed is 1 to 64 letters" in line


def test_no_secret_shows_in_what_is_printed(folder: Folder) -> None:
    folder.environ = {"MTDATA_KEY_PASSPHRASE": "sesame"}
    settings = folder.server({"uva": keys(USER="somebody")}).load()
    shown = f"{settings!r} {settings} {settings.sites[0]!r} {settings.sites[0]}"
    shown += settings.model_dump_json()
    assert "hunter2" not in shown
    assert "sesame" not in shown
    assert "somebody" not in f"{settings!r} {settings}"


def test_no_secret_shows_whatever_else_is_wrong(folder: Folder) -> None:
    wrong = keys(SERVER="x", DATE_FORMAT="x", USER=["hunter2"], PASS=["hunter2"], PATHH="hunter2")
    with pytest.raises(ConfigError) as caught:
        folder.server({"uva": wrong}).load()
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "hunter2" not in str(chain)
        chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_line_end_behind_a_word_of_the_environment_is_taken_off(
    folder: Folder, tmp_path: Path, end: str
) -> None:
    word = f"{SECRET}{end}"
    folder.environ = {"W": word, "MTDATA_UVA_PASSPHRASE": word, "MTDATA_UVA_USER": word}
    folder.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    (tmp_path / "uva.user").write_bytes(f"who{end}".encode())
    site = one(folder, PASS="${W}")
    assert site.password.get_secret_value() == SECRET
    assert site.passphrase is not None
    assert site.passphrase.get_secret_value() == SECRET
    assert site.user == "who"
    folder.environ = {"MTDATA_UVA_USER": word + end, "MTDATA_UVA_PASS": end}
    assert "PASS" in fault(folder, PASS=None), "a line end alone is nothing"
    folder.environ["MTDATA_UVA_PASS"] = word + end
    assert one(folder).password.get_secret_value() == word
