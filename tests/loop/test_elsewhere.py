"""Loops whose models are trained on Dask and Ray: the same models, and one sentence for what goes wrong there."""

import json
import shutil
import socket
import sys
from pathlib import Path

import clusters
import numpy as np
import pytest
from a_project import answer, begin, play

import shortlist as sl
from shortlist.loop import stop_set
from shortlist.loop.errors import LoopError
from shortlist.loop.kept import wanted

pytest.importorskip("sklearn")
EXAMPLES = Path(__file__).parents[2] / "examples" / "loops"
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters are tested on POSIX"),
]


@pytest.fixture(scope="module", params=["dask", "ray"])
def cluster(request):
    """Return what ``[retrain]`` says of it."""
    if request.param == "dask":
        return f'where = "dask"\naddress = "{clusters.dask_cluster().scheduler_address}"\n'
    clusters.ray_cluster()
    return 'where = "ray"\n'


def script(folder, text):
    (folder / "train.py").write_text(text)
    return f'[model]\ncommand = ["{sys.executable}", "train.py", "{{job}}"]\nretries = 1\n'


def test_a_loop_is_the_same_wherever_it_trains(tmp_path, cluster):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    before = "".join(f"old-{row},{'pay bill' if row % 2 else 'crash error'},en,{'ba'[row % 2]}\n" for row in range(6))
    for folder in (tmp_path / "here", tmp_path / "there"):
        (folder / "before.csv").write_text("id,body,lang,label\n" + before)
    # Labels from before of rows that are not in the pool travel too.
    more = '[model]\nmembers = 2\n[check]\nissues = "builtin"\n'
    parts = {"more": more, "rounds": 'strategy = "vote_entropy"\n', "seed": 'labels = "before.csv"'}
    here = begin(tmp_path / "here", **parts)
    there = begin(tmp_path / "there", **parts, retrain=cluster)
    for loop in (here, there):
        play(loop, 2)
    assert here._ground.training({}).extra.labels == list("bababa")
    ours, theirs = here._store.models(), there._store.models()
    assert [model.probabilities for model in theirs] == [model.probabilities for model in ours]
    assert [model.estimate["members"] for model in theirs] == [model.estimate["members"] for model in ours]
    assert [model.estimate["suspects"] for model in theirs] == [model.estimate["suspects"] for model in ours]
    assert there.next().ids == here.next().ids
    assert there._store.job("train").used
    looks = [json.loads((loop.folder / "cache" / "look.json").read_text()) | {"loop": ""} for loop in (here, there)]
    assert looks[0] == looks[1] != {}


def test_picks_are_the_same_where_most_answers_stay_on_the_cluster(tmp_path, cluster, monkeypatch):
    """Two workers score a part of the pool each; a round that reaches further than what came back has it scored again."""
    monkeypatch.setattr(wanted, "AHEAD", 3)
    monkeypatch.setattr(stop_set, "ROWS", 50)
    parts = {"rows": 9000, "when": "growth:9", "rounds": 'floor = 0.6\nrare = { classes = ["b"], share = 0.2 }\n'}
    parts["more"] = "[validation]\nshare = 0.02\n"
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here, there = begin(tmp_path / "here", **parts), begin(tmp_path / "there", **parts, retrain=cluster)
    for number in range(1, 6):
        assert there.next().ids == here.next().ids
        assert there._store.picks(number) == here._store.picks(number)
        for loop in (here, there):
            answer(loop, loop.next().ids)
            loop.run_once()
    model = there._store.models()[-1]
    assert [job.ok for job in there._store.jobs_of("score")] == [True]
    for blob in (model.probabilities, there._store.job("score").detail["probabilities"]):
        assert 0 < np.load(there._store.blob(blob)).shape[0] < 1500
    assert there.status()["scored"]["kept"] < 1500
    assert all(there.replay_all(n_threads=1))


def test_a_worker_that_dies_is_tried_again(tmp_path, cluster):
    more = script(
        tmp_path,
        "import json, os, pathlib, signal, sys, numpy as np\n"
        "job, mark = pathlib.Path(sys.argv[1]), pathlib.Path('died')\n"
        "if not mark.exists():\n"
        "    mark.touch()\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
        "np.save(job / 'out' / 'probs.npy', np.full((200, 2), 0.5))\n"
        "(job / 'out' / 'done.json').write_text('{}')\n",
    )
    loop = begin(tmp_path, more=more, retrain=cluster)
    play(loop)
    assert (tmp_path / "died").exists()
    assert loop.status()["model"] == {"number": 1, "labels": 16, "asked": 200}


def test_what_fails_there_is_in_status_with_the_end_of_its_log(tmp_path, cluster):
    more = script(tmp_path, "print('out of luck')\nraise SystemExit(7)\n").replace("retries = 1", "retries = 0")
    loop = begin(tmp_path, more=more, retrain=cluster)
    answer(loop, loop.next().ids)
    with pytest.raises(LoopError, match=r"failed 1 time: it ended with exit code 7; .*\n.*out of luck"):
        loop.run_once()
    lines = loop.status_lines()
    failed = next(place for place, line in enumerate(lines) if line.startswith("failed "))
    assert "exit code 7; the end of train.log:" in lines[failed]
    assert lines[failed + 1].strip() == "out of luck"
    assert loop.next().round == 2


def test_a_result_of_a_training_that_was_superseded_is_kept_and_not_used(tmp_path, cluster):
    (tmp_path / "own_slow.py").write_text(
        "from sklearn.dummy import DummyClassifier\ndef model():\n    return DummyClassifier(strategy='prior')\n"
    )
    loop = begin(tmp_path, more='[model]\nestimator = "own_slow:model"\n', retrain=cluster)
    answer(loop, loop.next().ids)
    store, begun = loop._store, []
    real = store.put_blob

    def another_begins(given):
        if not begun:
            begun.append(store.begin_job("train", 600, supersede=True))
        return real(given)

    store.put_blob = another_begins
    with pytest.raises(LoopError, match="another training has begun since job 1, whose result is kept and not used"):
        loop.train()
    late = store.jobs()[0]
    assert (late.ok, late.used, store.models()) == (True, False, [])
    assert np.load(store.blob(late.detail["probabilities"])).shape == (200, 2)
    assert "a training is under way since" in loop.status()["retrain"]["why"]
    assert not loop.status()["retrain"]["due"]


@pytest.mark.parametrize(("where", "kind"), [("dask", "Dask scheduler"), ("ray", "Ray cluster")])
def test_an_address_where_nobody_answers(tmp_path, where, kind):
    pytest.importorskip("distributed" if where == "dask" else "ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        loop = begin(tmp_path, retrain=f'where = "{where}"\naddress = "{address}"\n')
        answer(loop, loop.next().ids)
        if where == "ray":
            import ray

            ray.shutdown()
        with pytest.raises(LoopError, match=f"address is '{address}', where no {kind} answers"):
            loop.train()
    assert loop.next().round == 2


def test_the_example_of_images_runs(tmp_path, cluster):
    """Embeddings, a command that runs on a worker, badge, and a trigger that a stand-in for the model measures."""
    text = (EXAMPLES / "images.toml").read_text()
    shutil.copy(EXAMPLES / "train.py", tmp_path)
    before, _, rest = text.partition('where = "dask"')
    text = before + cluster + rest.partition("\n")[2].partition("\n")[2]
    (tmp_path / "images.toml").write_text(text.replace('["python", "train.py"', f'["{sys.executable}", "train.py"'))
    X = np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    np.save(tmp_path / "embeddings.npy", X)
    (tmp_path / "ids.txt").write_text("".join(f"i{row}\n" for row in range(600)))
    loop = sl.Loop.init(tmp_path / "images.toml", tmp_path / "loop")
    classes = loop.spec.classes
    first = loop.next()
    assert first.rows[0] == {"image": f"https://images.example.org/{first.ids[0]}.jpg"}
    for _ in range(2):
        answer(loop, loop.next().ids, label=lambda row: classes[int(X[int(row[1:]), 0] > 0)])
        loop.run_once()
    model = loop.status()["model"]
    assert model["number"] >= 1
    assert loop.next().round == 3
    assert loop._store.rounds()[2].decided["strategy"] == "badge"
    assert loop.status()["retrain"]["why"].startswith("flips:0.03 ")
    assert all(loop.replay_all(n_threads=1))
