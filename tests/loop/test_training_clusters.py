"""Training as a task of Dask or Ray: the bits of training here, and one sentence for what goes wrong there."""

import sys

import clusters
import numpy as np
import pytest
from loop_specs import tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import open_pool, stratum
from shortlist.loop.pool.features import Features
from shortlist.loop.training import train
from shortlist.loop.training.clusters import train_on

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters are tested on POSIX"),
]


@pytest.fixture(scope="module", params=["dask", "ray"])
def cluster(request):
    """Return its kind and its address."""
    if request.param == "dask":
        return "dask", clusters.dask_cluster().scheduler_address
    clusters.ray_cluster()
    return "ray", None


class Project:
    def __init__(self, folder, **parts):
        # Plain records of the tests do not travel by reference: workers have not this folder on their path.
        self.spec, self.truth = tickets(folder, **parts)
        self.pool = open_pool(self.spec)
        self.features = Features.fit(self.pool, stratum(self.pool, 0, 0.15, 2000).mask, 0)
        rows = np.arange(40)
        labels = [self.truth[own] for own in self.pool.ids(0, 40)]
        self.given = (self.spec, self.pool, self.features, rows, labels, None, 3)


def test_the_bits_of_training_here(tmp_path, cluster):
    project = Project(tmp_path, model={"members": 2})
    here = train(*project.given, tmp_path / "here")
    there = train_on(*cluster, *project.given, tmp_path / "there", job={"loop": "bits", "token": 1})
    assert there.probabilities.read_bytes() == here.probabilities.read_bytes()
    assert there.members.read_bytes() == here.members.read_bytes()
    assert there.temperature == here.temperature


def test_a_command_runs_on_the_worker(tmp_path, cluster):
    (tmp_path / "train.py").write_text(
        "import json, pathlib, sys, numpy as np\n"
        "job = pathlib.Path(sys.argv[1])\n"
        "print('token', json.loads((job / 'job.json').read_text())['token'])\n"
        "np.save(job / 'out' / 'probs.npy', np.full((400, 2), 0.5))\n"
        "(job / 'out' / 'done.json').write_text('{}')\n"
    )
    project = Project(tmp_path, model={"command": (sys.executable, "train.py", "{job}")})
    there = train_on(*cluster, *project.given, tmp_path / "there", job={"loop": "command", "token": 5})
    assert there.log == "token 5\n"
    assert (np.load(there.probabilities) == 0.5).all()


def test_what_goes_wrong_there_is_said_here(tmp_path, cluster):
    project = Project(tmp_path)
    given = (*project.given[:4], ["a"] * 40, None, 3)
    with pytest.raises(LoopError, match="all 40 labels are 'a'"):
        train_on(*cluster, *given, tmp_path / "there", job={"loop": "wrong", "token": 1})
    (tmp_path / "tickets.csv").write_text("id,body,language\nX,other,en\n")
    with pytest.raises(LoopError, match="the worker finds another pool"):
        train_on(*cluster, *project.given, tmp_path / "there", job={"loop": "wrong", "token": 2})


def test_a_task_that_takes_too_long(tmp_path, cluster):
    (tmp_path / "train.py").write_text("import time; time.sleep(30)")
    project = Project(tmp_path, model={"command": (sys.executable, "train.py"), "retries": 0})
    project.spec.model.timeout = 1.0
    with pytest.raises(LoopError, match="timeout"):
        train_on(*cluster, *project.given, tmp_path / "there", job={"loop": "slow", "token": 1})


def test_no_such_kind(tmp_path):
    with pytest.raises(LoopError, match="where is 'slurm'; accepted are local, command, dask and ray"):
        train_on("slurm", None, *Project(tmp_path).given, tmp_path, job={"token": 1})


def test_a_cluster_without_workers_is_not_waited_for_without_an_end(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("shortlist.distributed.workers.LOOK", 0.05)
    dask = pytest.importorskip("dask")
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        dask.config.set({"shortlist.no-workers-timeout": "200ms"}),
        pytest.raises(LoopError, match=r"the task on Dask failed \(the cluster at .* had no worker for 0.2 s"),
    ):
        train_on("dask", None, *Project(tmp_path).given, tmp_path / "there", job={"loop": "empty", "token": 1})
