"""recipes/embedded: weights in their forms, training steps and resumption, averages, scores; on a tiny Gemma."""

import importlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mt import embedded
from mt.engine import Placement

torch = pytest.importorskip("torch", reason="the recipe trains with torch")
transformers = pytest.importorskip("transformers", reason="the recipe trains with transformers")
from safetensors.torch import load_file, save_file  # noqa: E402

RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "embedded"
WORDS = ["<pad>", "<eos>", "<bos>", "<unk>", "<unused0>", *"abcdefghijklmnopqrstuvwxyz"]
CPU = torch.device("cpu")
EMBEDDING = "model.embed_tokens.weight"

# A process that trains on one micro-batch of its own, or on two in turn, and stops itself after some of them.
PROCESS = """
import itertools, signal, sys
sys.path[:0] = [{recipe!r}]
import examples, torch, train
torch.set_num_threads(1)

def batches(work, parallel, tokenizer, seed, budget):
    own = [[examples.Example([2, 6 + n, 7, 4, 8, 9 + n, 1], 4)] for n in {numbers}]
    if not own:
        own = [[examples.Example([2, 6 + seed % 1000, 7, 4, 8, 9 + seed % 1000, 1], 4)]]
    for number, batch in zip(range(1, {count} + 1), itertools.cycle(own)):
        if number == {count}:
            signal.raise_signal(signal.SIGTERM)
        yield batch

train.batches = batches
train.main()
"""


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports a script of the recipe by its name; signal handlers and modules are as before afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    names = [path.stem for path in RECIPE.glob("*.py")]
    before: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    monkeypatch.syspath_prepend(str(RECIPE))
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(1)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(before)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder to train in: the start is a Gemma of two layers with random weights."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    torch.manual_seed(3)
    config = transformers.Gemma3TextConfig(
        vocab_size=len(WORDS), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, query_pre_attn_scalar=16, sliding_window=64, max_position_embeddings=64,
        pad_token_id=0, eos_token_id=1, bos_token_id=2, initializer_range=0.2,
        layer_types=["sliding_attention", "full_attention"],
    )  # fmt: skip
    start = tmp_path / "work" / "start"
    transformers.Gemma3ForCausalLM(config).to(torch.bfloat16).save_pretrained(start)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    Tokenizer(WordLevel(vocabulary, unk_token="<unk>")).save(str(start / "tokenizer.json"))
    (tmp_path / "work" / "pairs").mkdir()
    return tmp_path / "work"


@pytest.fixture
def train(recipe: Callable[[str], Any]) -> Any:
    return recipe("train")


@pytest.fixture
def weights(recipe: Callable[[str], Any]) -> Any:
    return recipe("weights")


def examples(train: Any) -> list[Any]:
    return [train.Example([2, 5, 6, 7, 4, 8, 9, 1], 5), train.Example([2, 10, 4, 11, 12, 13, 1], 3)]


class Fed:
    """Micro-batches in the place of the recipe's, with their seeds; with number `count` somebody stops the training."""

    def __init__(self, batch: list[Any], count: int) -> None:
        self.batch, self.count, self.seeds = batch, count, list[int]()

    def __call__(self, work: Path, parallel: Path, tokenizer: Any, seed: int, budget: int) -> Iterator[list[Any]]:
        assert tokenizer.token_to_id("<unused0>") == 4
        self.seeds.append(seed)
        for number in range(1, self.count + 1):
            if number == self.count:
                signal.raise_signal(signal.SIGTERM)
            yield self.batch


def run_train(train: Any, monkeypatch: pytest.MonkeyPatch, work: Path, fed: Fed, *arguments: str) -> None:
    monkeypatch.setattr(train, "batches", fed)
    monkeypatch.setattr(sys, "argv", ["train.py", str(work), "--parallel", str(work), "--device", "cpu", *arguments])
    train.main()


def loss(training: Any, train: Any) -> float:
    """Of a target token; the gradients are thrown away."""
    total, targets, _ = training.learn(*train.padded(examples(train))).tolist()
    training.model.zero_grad()
    return float(total / targets)


# --- training


def test_neither_a_source_nor_padding_is_predicted(train: Any) -> None:
    tokens, expected = train.padded([train.Example([2, 5, 6, 4, 8, 9, 1], 4), train.Example([2, 7, 4, 10, 1], 3)])
    assert tokens.tolist() == [[2, 5, 6, 4, 8, 9, 1], [2, 7, 4, 10, 1, 0, 0]]
    assert expected.tolist() == [[-100, -100, -100, 8, 9, 1, -100], [-100, -100, 10, 1, -100, -100, -100]]


def test_the_loss_is_the_one_of_transformers_summed_over_the_targets(train: Any, work: Path) -> None:
    training = train.Training(work / "start", work / "state.safetensors", CPU, 0.01, 0.9)
    tokens, _ = train.padded(examples(train))
    total, targets, real = training.learn(*train.padded(examples(train))).tolist()
    assert (targets, real) == (3 + 4, 8 + 7)
    labels = torch.where(tokens == 0, -100, tokens)
    labels[0, :5] = labels[1, :3] = -100
    reference = training.model(input_ids=tokens, attention_mask=(tokens != 0).long(), labels=labels).loss.item()
    assert total / targets == pytest.approx(reference, rel=1e-2)


def test_training_learns_and_a_signal_saves_the_last_whole_step(
    train: Any, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = work / "state.safetensors"
    before = loss(train.Training(work / "start", state, CPU, 0.01, 0.5), train)
    fed = Fed(examples(train), 46)
    run_train(train, monkeypatch, work, fed, "--accumulation", "4", "--learning-rate", "0.02", "--seed", "2")
    assert "saved at step 11" in capsys.readouterr().out  # 46 micro-batches; the twelfth step was cut short
    stored = load_file(state)
    names = load_file(work / "start" / "model.safetensors")
    assert sorted(stored) == sorted(["steps", *(f"{part}.{name}" for name in names for part in ("master", "mean"))])
    assert stored["steps"] == 11
    assert {tensor.dtype for name, tensor in stored.items() if name != "steps"} == {torch.float32}
    assert loss(train.Training(work / "start", state, CPU, 0.01, 0.5), train) < before - 0.3

    again = Fed(examples(train), 2)
    run_train(train, monkeypatch, work, again, "--accumulation", "1", "--learning-rate", "0", "--seed", "2")
    resumed = load_file(state)
    assert resumed["steps"] == 13
    assert all(torch.equal(resumed[name], stored[name]) for name in stored if name.startswith("master."))
    assert fed.seeds + again.seeds == [2_000_000_000, 2_000_011_000]


def test_it_reports_loss_and_tokens_of_the_last_ten_steps(
    train: Any, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_train(train, monkeypatch, work, Fed(examples(train), 10), "--accumulation", "1", "--learning-rate", "0")
    found = re.fullmatch(r"10 loss (\d+\.\d{3}) \d+ tokens/s\nsaved at step 10\n", capsys.readouterr().out)
    assert found
    start = train.Training(work / "start", work / "none", CPU, 0, 0.9)
    assert float(found[1]) == pytest.approx(loss(start, train), abs=0.02)


def test_a_step_moves_the_average_a_part_of_the_way(train: Any, work: Path) -> None:
    training = train.Training(work / "start", work / "state.safetensors", CPU, 0.01, 0.995)
    start = {name: weight.clone() for name, weight in training.master.items()}
    training.step(training.learn(*train.padded(examples(train)))[1].item())
    for name, weight in training.master.items():
        torch.testing.assert_close(training.mean[name], start[name] + (weight - start[name]) * (1 - 2 / 11))
        assert torch.equal(training.weights[name], weight.bfloat16())
    assert not torch.equal(training.master[EMBEDDING], start[EMBEDDING])
    assert training.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 / 40)


def test_gradients_are_those_of_one_target_whatever_is_accumulated(
    train: Any, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda parameters, norm: torch.tensor(norm))
    once, twice = (train.Training(work / "start", work / "none", CPU, 0.01, 0.9) for _ in range(2))
    for training in (once, twice):
        training.optimizer.step = training.optimizer.zero_grad = lambda: None  # so that they can be looked at
    once.step(once.learn(*train.padded(examples(train)))[1].item())
    twice.step(sum(twice.learn(*train.padded([example]))[1].item() for example in examples(train)))
    reference = train.Training(work / "start", work / "none", CPU, 0.01, 0.9)
    _, targets, _ = reference.learn(*train.padded(examples(train)))
    for name, weight in reference.weights.items():
        expected = weight.grad.float() / targets
        for training in (once, twice):
            assert (training.master[name].grad - expected).norm() <= 0.02 * expected.norm()


def test_the_state_of_another_model_is_refused(train: Any, work: Path) -> None:
    state = work / "state.safetensors"
    training = train.Training(work / "start", state, CPU, 0.01, 0.9)
    training.master[EMBEDDING] = training.master[EMBEDDING][:8].clone()
    training.save()
    with pytest.raises(SystemExit, match=r"is of another model than WORK/start; name another --state"):
        train.Training(work / "start", state, CPU, 0.01, 0.9)


def test_gradients_that_are_no_numbers_end_the_training_and_spare_the_state(train: Any, work: Path) -> None:
    training = train.Training(work / "start", work / "state.safetensors", CPU, 0.01, 0.9)
    training.save()
    before = (work / "state.safetensors").read_bytes()
    targets = training.learn(*train.padded(examples(train)))[1].item()
    training.weights[EMBEDDING].grad[0, 0] = float("nan")
    with pytest.raises(SystemExit, match=r"step 1 has gradients that are no numbers.*lower --learning-rate"):
        training.step(targets)
    assert (work / "state.safetensors").read_bytes() == before
    assert [path.name for path in work.glob("*.part")] == []


def test_what_is_missing_is_named_with_the_command_that_makes_it(
    train: Any, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "pairs").rmdir()
    with pytest.raises(SystemExit, match=r"has no pairs; run pairs\.py --parallel"):
        run_train(train, monkeypatch, work, Fed([], 0))
    (work / "start" / "model.safetensors").unlink()
    with pytest.raises(SystemExit, match=r"start has no model\.safetensors; run weights\.py start"):
        run_train(train, monkeypatch, work, Fed([], 0))
    for option in ("--accumulation", "--budget"):
        with pytest.raises(SystemExit, match="2"):
            run_train(train, monkeypatch, work, Fed([], 0), option, "0")
        assert "--accumulation and --budget are 1 or more" in capsys.readouterr().err


def test_workers_prepare_streams_of_their_own(train: Any, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def batches(work: Path, parallel: Path, tokenizer: Any, seed: int, budget: int) -> Iterator[list[Any]]:
        while True:
            yield [train.Example([seed, budget, 1], 1)]

    monkeypatch.setattr(train, "batches", batches)
    stream = train.prepared(train.Stream(work, work, 40, 900), 2)
    assert [next(stream)[0].tolist() for _ in range(4)] == [[[40, 900, 1]], [[41, 900, 1]]] * 2
    for worker in stream._workers:  # torchrun signals the whole group
        os.kill(worker.pid, signal.SIGTERM)
    assert [next(stream)[0].tolist() for _ in range(20)] == [[[40, 900, 1]], [[41, 900, 1]]] * 10
    assert all(worker.is_alive() for worker in stream._workers)


def processes(work: Path, size: int, numbers: list[int], count: int, *arguments: str) -> None:
    """Train in so many processes, as torchrun would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = PROCESS.format(recipe=str(RECIPE), numbers=numbers, count=count)
    started = []
    for rank in range(size):
        ranked = {"RANK": str(rank), "WORLD_SIZE": str(size), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1"}
        environment = {**os.environ, "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1", **(ranked if size > 1 else {})}
        command = [sys.executable, "-c", code, str(work), "--parallel", str(work), "--device", "cpu", *arguments]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_examples_of_both(train: Any, work: Path) -> None:
    shared, alone = work / "shared.safetensors", work / "alone.safetensors"
    options = ("--learning-rate", "0.01")
    processes(work, 2, [], 6, "--state", str(shared), "--accumulation", "2", *options)
    processes(work, 1, [0, 1], 12, "--state", str(alone), "--accumulation", "4", *options)
    one, two = load_file(alone), load_file(shared)
    assert one["steps"] == two["steps"] == 3
    start = load_file(work / "start" / "model.safetensors")[EMBEDDING].float()
    moved, moved_too = (state[f"master.{EMBEDDING}"] - start for state in (one, two))
    assert moved.abs().max() > 5e-4
    assert (moved - moved_too).norm() < 0.1 * moved.norm()  # the gradients are added in another order, in bfloat16


# --- weights


@pytest.fixture
def inputs(recipe: Callable[[str], Any]) -> Any:
    return recipe("inputs")


def test_factors_hold_a_matrix_of_their_rank_and_the_largest_part_of_any(weights: Any, inputs: Any) -> None:
    torch.manual_seed(1)
    exact = torch.randn(60, 6) @ torch.randn(6, 40)
    evenly = inputs.Weighing(torch.eye(40), torch.ones(60))
    parts = weights.factors(exact, 6, evenly)
    assert {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in parts.items()} == {
        "B": (torch.uint8, (60, 3)), "B.scale": (torch.float32, (60,)),
        "A": (torch.uint8, (6, 20)), "A.scale": (torch.float32, (6,)),
    }  # fmt: skip
    assert (weights.product(parts) - exact).norm() < 0.15 * exact.norm()
    strength = torch.linalg.svdvals(exact)
    lost = (weights.product(weights.factors(exact, 2, evenly)) - exact).norm().item()
    assert strength[2:].norm().item() < lost < 1.1 * strength[2:].norm().item()


def test_factors_are_nearest_in_what_the_matrix_puts_out(weights: Any, inputs: Any) -> None:
    """Inputs that lie in few directions, and rows that matter more than others, are served first."""
    torch.manual_seed(1)
    matrix, seen = torch.randn(60, 40), torch.randn(500, 4) @ torch.randn(4, 40)
    moments = {"x.q_proj.weight": seen.T @ seen / 500}
    weighed = weights.factors(matrix, 4, inputs.Inputs(moments).weighing("x.k_proj.weight", 60))
    evenly = weights.factors(matrix, 4, inputs.Weighing(torch.eye(40), torch.ones(60)))

    def lost(parts: Any) -> float:
        return float(((weights.product(parts) - matrix) @ seen.T).norm() / (matrix @ seen.T).norm())

    assert lost(weighed) < 0.2
    assert lost(evenly) > 0.5
    used = torch.ones(60)
    used[7] = 1e8
    embedding = inputs.Inputs({inputs.EMBEDDING: torch.eye(40), "uses": used}).weighing(inputs.EMBEDDING, 60)
    row = weights.product(weights.factors(matrix, 4, embedding))[7]
    assert (row - matrix[7]).norm() < 0.2 * matrix[7].norm()


def test_four_bits_hold_whole_numbers_and_cut_what_sticks_out(weights: Any) -> None:
    whole = torch.tensor([[-7.0, 7, 0, 3], [0.5, -0.5, 3.5, 1]])
    numbers, scale = weights._four_bits(whole)
    assert numbers.tolist() == [[1 | 15 << 4, 8 | 11 << 4], [9 | 7 << 4, 15 | 10 << 4]]
    torch.testing.assert_close(weights._numbers(numbers) * scale[:, None], whole)
    numbers, scale = weights._four_bits(torch.tensor([[1.0] * 39 + [3.0]]))
    held = (weights._numbers(numbers) * scale[:, None])[0]
    assert held[-1].item() == pytest.approx(2.4)  # so that the others are near
    assert held[0].item() == pytest.approx(1.03, abs=0.01)


def test_moments_are_those_of_what_each_matrix_is_given(recipe: Callable[[str], Any], work: Path, inputs: Any) -> None:
    model = transformers.Gemma3ForCausalLM.from_pretrained(work / "start").eval()
    inputs.TOKENS = 4
    train = recipe("train")
    moments, tokens = inputs.measured(model, iter([examples(train)]))
    assert tokens == 15
    kinds = ["mlp.down_proj", "mlp.gate_proj", "self_attn.o_proj", "self_attn.q_proj"]
    layers = [f"model.layers.{number}.{kind}.weight" for number in range(2) for kind in kinds]
    assert sorted(moments) == sorted([EMBEDDING, "uses", *layers])
    own = dict(model.named_parameters())
    tokens_read = torch.tensor([[2, 5, 6, 7, 4, 8, 9, 1]])
    with torch.inference_mode():
        states = model.model(tokens_read, output_hidden_states=True).hidden_states[0][0]
        norm = model.model.layers[0].input_layernorm
        first = norm(states).float()
        other = norm(own[EMBEDDING][torch.tensor([2, 10, 4, 11, 12, 13, 1])] * 32**0.5).float()
    expected = (first.T @ first + other.T @ other) / 15
    torch.testing.assert_close(moments["model.layers.0.self_attn.q_proj.weight"], expected, rtol=0.02, atol=0.02)
    assert moments["uses"].sum().item() == pytest.approx(22 / 15, rel=1e-3)  # 15 are read, of 7 the next is guessed
    assert moments["uses"][8].item() > 1 / 15  # read once
    assert 0 < moments["uses"][20].item() < 1 / 15  # only thought of


@pytest.fixture
def trained(weights: Any, work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A base, and what a training has made of it: matrices changed in rank 4."""
    base = load_file(work / "start" / "model.safetensors")
    torch.manual_seed(2)
    mean = {}
    for name, weight in base.items():
        rows, *columns = weight.shape
        change = torch.randn(rows, 4) @ torch.randn(4, *columns) if columns else torch.randn(rows)
        mean[name] = weight.float() + 0.05 * change
    master = {name: 2 * weight for name, weight in mean.items()}
    weights.save_state(work / "state.safetensors", weights.State(7, master, mean))
    return base, mean


def even_inputs(base: dict[str, Any]) -> dict[str, Any]:
    moments = {name: torch.eye(weight.shape[1]) for name, weight in base.items() if weight.ndim == 2}
    return {**moments, "uses": torch.ones(len(WORDS))}


def test_an_adapter_makes_the_averaged_weights_of_the_base(
    weights: Any, work: Path, trained: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    base, mean = trained
    (work / "start").rename(work / "base")
    save_file(even_inputs(base), work / "inputs.safetensors")
    out = tmp_path / "out"
    out.mkdir()
    (out / "adapter-3-of-3.safetensors").write_bytes(b"of an older adapter")
    monkeypatch.setattr(weights, "PIECE_BYTES", 4000)
    ranks = ["--rank", "4", "--embedding-rank", "4"]
    monkeypatch.setattr(sys, "argv", ["weights.py", "adapter", str(work), str(out), *ranks])
    weights.main()
    pieces = sorted(out.iterdir())
    count = len(pieces)
    assert count > 2
    assert sorted(path.name for path in pieces) == sorted(
        f"adapter-{number}-of-{count}.safetensors" for number in range(1, count + 1)
    )
    assert all(path.stat().st_size <= 4000 for path in pieces)
    names = [name for path in pieces for name in load_file(path)]
    assert len(set(names)) == len(names)
    assert re.search(rf"rank 4, 0\.9[6-9]\d of the energy kept, \d+\.\d MB in {count} files", capsys.readouterr().out)
    merged = weights.merged(base, weights.load_adapter(pieces))
    for name, weight in mean.items():
        assert (merged[name].float() - weight).norm() < 0.2 * (weight - base[name].float()).norm() + 0.01
        assert merged[name].dtype == base[name].dtype


def test_a_rank_too_high_for_the_files_is_refused(weights: Any) -> None:
    with pytest.raises(SystemExit, match=r"x\.B has 10,500,000 bytes.*choose a smaller --rank"):
        list(weights.split({"x.B": torch.zeros(10_500_000, dtype=torch.int8)}))


@pytest.mark.parametrize("option", ["--rank", "--embedding-rank"])
def test_an_odd_rank_is_refused(
    weights: Any, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["weights.py", "adapter", str(tmp_path), str(tmp_path / "out"), option, "7"])
    with pytest.raises(SystemExit):
        weights.main()
    assert "must be even, 2 or more" in capsys.readouterr().err


def test_an_adapter_of_another_base_is_refused(
    weights: Any, trained: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    base, mean = trained
    inputs = weights.Inputs(even_inputs(base))
    del mean["model.norm.weight"]
    with pytest.raises(SystemExit, match="of two different models"):
        weights.write_adapter(tmp_path / "out", base, mean, weights.Ranks(4, 4), inputs)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"", b"{}", "a file of another kind"])
def test_what_is_no_state_is_named(weights: Any, tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "state.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(SystemExit, match=r"state\.safetensors is no state of a training"):
        weights.load_state(path)


@pytest.mark.slow
def test_the_start_is_what_the_product_is_built_from(
    weights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["weights.py", "start", str(tmp_path)])
    weights.main()
    model = transformers.Gemma3ForCausalLM.from_pretrained(tmp_path / "start")
    start = load_file(tmp_path / "start" / "model.safetensors")
    assert sorted(start) == sorted(name for name, _ in model.named_parameters())
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "start").eos_token_id == 1
    with pytest.MonkeyPatch.context() as scratch:
        (tmp_path / "scratch").mkdir()
        scratch.delenv("KHULASA_BASE", raising=False)
        built = embedded._Weights(embedded._base_file(tmp_path / "scratch"))
        for name in (
            "model.embed_tokens",
            "model.norm",
            "model.layers.7.mlp.down_proj",
            "model.layers.3.self_attn.q_norm",
        ):
            own, theirs = start[f"{name}.weight"].float(), torch.from_numpy(built.weight(name))
            torch.testing.assert_close(own[: len(theirs)], theirs, rtol=2**-7, atol=1e-3)
    assert len(start[EMBEDDING]) % 64 == 0
    base = load_file(tmp_path / "base" / "model.safetensors")
    assert not torch.equal(base[EMBEDDING], start[EMBEDDING])


# --- averages of trainings


def test_an_average_is_the_mean_of_the_averaged_weights(
    recipe: Callable[[str], Any], weights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    average = recipe("average")
    paths = [tmp_path / f"{number}.safetensors" for number in range(3)]
    for number, path in enumerate(paths):
        mean = {"w": torch.full((2, 2), float(3**number))}
        weights.save_state(path, weights.State(10 + number, {"w": torch.zeros(2, 2)}, mean))
    monkeypatch.setattr(sys, "argv", ["average.py", str(tmp_path / "out"), *map(str, paths)])
    average.main()
    state = weights.load_state(tmp_path / "out")
    assert state.steps == 12
    torch.testing.assert_close(state.mean["w"], torch.full((2, 2), 13 / 3))
    assert torch.equal(state.master["w"], state.mean["w"])
    save_file({"w": torch.full((2, 2), 3.0).bfloat16()}, tmp_path / "model.safetensors")
    assert average.average(tmp_path / "half", [tmp_path, paths[2]]) == 12
    torch.testing.assert_close(weights.load_state(tmp_path / "half").mean["w"], torch.full((2, 2), 6.0))
    weights.save_state(paths[1], weights.State(1, {"w": torch.zeros(4)}, {"w": torch.zeros(4)}))
    with pytest.raises(SystemExit, match="of two different models"):
        average.main()


# --- scores


def test_the_engine_is_built_from_the_given_adapter_in_a_cache_of_its_own(
    recipe: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = recipe("score")
    seen: dict[str, Any] = {}

    def load_engine(name: str, task: str, registry: Any, placement: Placement) -> str:
        seen["pieces"] = {path.name: path.read_bytes() for path in embedded.adapter_pieces()}
        seen["kept"] = (embedded.DATA / "kept_ids.npy").read_bytes()
        seen["cache"] = os.environ["KHULASA_CACHE"]
        assert (name, task, placement.threads) == ("embedded", "translate", 1)
        return "engine"

    monkeypatch.setattr(score, "load_engine", load_engine)
    monkeypatch.setenv("KHULASA_CACHE", "mine")
    save_file({"x": torch.zeros(1)}, tmp_path / "adapter-1-of-1.safetensors")
    packaged = embedded.DATA
    with score.engine_with(tmp_path, Placement(threads=1)) as engine:
        assert engine == "engine"
    assert seen["pieces"] == {"adapter-1-of-1.safetensors": (tmp_path / "adapter-1-of-1.safetensors").read_bytes()}
    assert seen["kept"] == (packaged / "kept_ids.npy").read_bytes()
    assert seen["cache"] != "mine"
    assert not Path(seen["cache"]).exists()
    assert (embedded.DATA, os.environ["KHULASA_CACHE"]) == (packaged, "mine")


def test_scores_have_signatures_and_are_of_the_lines_asked_for(
    recipe: Callable[[str], Any], fake_engine: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    score = recipe("score")
    arabic = ["هذا سطر أول من النص.", "وصل القطار إلى المحطة صباحا.", "قرأت كتابا جديدا عن البحر."]
    english = ["This is one line.", "The train reached the station in the morning.", "I read a new book about the sea."]
    (tmp_path / "dev").mkdir()
    for suffix, lines in (("ar", arabic), ("en", english)):
        (tmp_path / "dev" / f"flores-dev.{suffix}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = fake_engine(dict(zip(arabic, ["Something else.", *english[1:]], strict=True)))
    monkeypatch.setattr(score, "load_engine", lambda *arguments: told)
    monkeypatch.setenv("KHULASA_DATA", str(tmp_path))
    save_file({"x": torch.zeros(1)}, tmp_path / "adapter-1-of-1.safetensors")
    out = tmp_path / "out.txt"
    argv = ["score.py", str(tmp_path), "--lines", "2-3", "--plain", "--threads", "1", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", argv)
    score.main()
    first, bleu, chrf = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path}, lines 2-3, ar-en-fake@1|fake|float32|beam:4")
    assert re.match(r"BLEU 100\.00 nrefs:1\|bs:1000\|seed:12345\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|", bleu)
    assert chrf.startswith("chrF 100.00 nrefs:1|")
    assert out.read_text(encoding="utf-8").splitlines() == english[1:]
    assert told.calls[0][1].plain
    monkeypatch.setattr(sys, "argv", ["score.py", str(tmp_path), "--lines", "2-9"])
    with pytest.raises(SystemExit, match=r"has no lines 2-9; expected two numbers from 1 to 3"):
        score.main()


def test_a_folder_without_an_adapter_and_a_missing_data_folder_are_named(
    recipe: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = recipe("score")
    with pytest.raises(SystemExit, match=r"has no adapter-\*\.safetensors"), score.engine_with(tmp_path, Placement()):
        pass
    monkeypatch.delenv("KHULASA_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["score.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="KHULASA_DATA is not set"):
        score.main()
