import json

import pytest

from index.audit.questions import ParallelQuestion, demo, read_questions, require_parallel, sample
from index.errors import InvalidInput, MalformedLine, NotFound


def written(tmp_path, *rows):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_reads_parallel_questions_and_group_lines(tmp_path):
    path = written(
        tmp_path,
        {"id": "1", "questions": {"EN": "why", "deu": "warum"}, "relevant": ["a", "a", "b"]},
        "",
        {"id": "2", "questions": {"en": "how", "de": "wie"}, "passages": {"en": "so"}, "source": "x"},
    )
    first, second = read_questions(path)
    assert first.questions == {"en": "why", "de": "warum"} and first.relevant == ["a", "b"]
    assert second.relevant is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"id": "1", "questions": {"english": "why"}}, "BCP 47"),
        ({"id": "1", "questions": {"en": "  "}}, "blank"),
        ({"id": "1", "questions": {}}, "questions"),
        ({"id": "1", "questions": {"en": "why"}, "relevent": ["a"]}, "relevent"),
        ({"questions": {"en": "why"}}, "id"),
        ("{", "JSON"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(tmp_path, line, told):
    path = written(tmp_path, {"id": "0", "questions": {"en": "a", "de": "b"}}, line)
    with pytest.raises(MalformedLine, match="line 2") as error:
        read_questions(path)
    assert told in error.value.message


def test_nothing_parallel_is_an_error(tmp_path):
    with pytest.raises(InvalidInput, match="two languages"):
        read_questions(written(tmp_path, {"id": "1", "questions": {"en": "why"}}))
    with pytest.raises(NotFound):
        read_questions(tmp_path / "none")


def test_ids_must_differ():
    question = ParallelQuestion(id="1", questions={"en": "a", "de": "b"})
    with pytest.raises(InvalidInput, match="same id"):
        require_parallel([question, question])


def test_a_sample_keeps_the_order_and_is_the_same_each_time():
    questions = demo()
    drawn = sample(questions, 10)
    assert len(drawn) == 10 and drawn == sample(questions, 10)
    assert [questions.index(one) for one in drawn] == sorted(questions.index(one) for one in drawn)
    assert sample(questions, 1000) == questions


def test_the_demo_questions_name_passages_of_every_language():
    assert all(len(question.relevant) == 12 and len(question.questions) == 12 for question in demo())
