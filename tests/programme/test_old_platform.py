"""The tables of the old platform come in by the queries that docs/PROGRAMME.md gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mtdata.programme.records.models import FormResponse
from tests.conftest import requires_program
from tests.jobs.conftest import ask
from tests.programme.place import ImportPlace, team

PAGE = Path(__file__).parents[2] / "docs" / "PROGRAMME.md"
TABLES = (
    "CREATE TABLE {0}.app_team (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(600) NOT NULL,"
    " description LONGTEXT NOT NULL, manager VARCHAR(20) NOT NULL, members LONGTEXT)",
    "CREATE TABLE {0}.app_formresponse (id INT AUTO_INCREMENT PRIMARY KEY, timestamp DATETIME(6),"
    " user VARCHAR(500), name_of_respondent VARCHAR(500), gender_of_respondent VARCHAR(10),"
    " reading_books TINYINT(1), listening_music TINYINT(1), mobile_no VARCHAR(15),"
    " record_latitude DECIMAL(9,6), record_longitude DECIMAL(9,6))",
    "INSERT INTO {0}.app_team (name, description, manager, members) VALUES"
    " ('A \"b\", c', 'two\nlines\tand \\\\n', 'm', NULL), ('ä \U0001f98a', '', '', 'x,y')",
    "INSERT INTO {0}.app_formresponse VALUES (1, '2020-05-15 14:30:00.250000', 'a \"u\"', 'n, m',"
    " 'Female', 1, 0, NULL, 52.520008, -13.4)",
)


@requires_program("mysql", "sudo apt-get install mariadb-client")
@pytest.mark.parametrize("place", ["mysql"], indirect=True)
def test_teams_and_responses_of_the_old_tables_come_in(place: ImportPlace, empty: str) -> None:
    name = empty.rpartition("/")[2]
    for words in TABLES:
        ask("mysql", words.format(name))
    old_teams, old_responses = (
        subprocess.run(
            ["mysql", "--batch", "--raw", "--skip-column-names", "--default-character-set=utf8mb4",
             "-h", "127.0.0.1", "-u", "root", name],
            input=query.encode(), capture_output=True, check=True,
        ).stdout
        for query in re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    )  # fmt: skip
    place.configure(TIMEZONE="Europe/Berlin")
    place.imported(old_teams)
    assert place.teams() == [
        team('A "b", c', "two\nlines\tand \\n", "m"), team("ä \U0001f98a", members="x,y")
    ]  # fmt: skip
    job = place.order(old_responses, "forms.import")
    assert place.run(job) == "Success", place.reason(job)
    found = FormResponse.objects.get()
    assert found.timestamp.isoformat() == "2020-05-15T12:30:00.250000+00:00"
    assert (found.user, found.name_of_respondent, found.reading_books) == ('a "u"', "n, m", True)
    assert (str(found.record_latitude), str(found.record_longitude)) == ("52.520008", "-13.400000")
