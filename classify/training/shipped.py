"""An encoder as it ships, turned back into a network that learns on: from its ONNX file, whose weights are of eight bits.

Needs the packages of the extra ``train``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from transformers import BertConfig, BertModel

from classify.encoder import artifact
from classify.training.joining import JOINED, PARTS
from classify.training.network import Network, Recipe
from classify.training.smoothing import SCALE
from flow.errors import Broken

_BODY = "body."
Arrays = Mapping[str, NDArray[Any]]


def reopen(folder: Path, recipe: Recipe) -> Network:
    """The network that `encoder.write_quantised` wrote into ``folder``, rounded as it judges.

    Raises:
        Broken: a file is missing or altered, or the graph is not one that we wrote.
    """
    files = artifact.load(folder, to_train=True)
    path = folder / artifact.NETWORK
    if files is None:
        raise Broken("there is no encoder", place=str(folder), remedy="Name a folder or a base model with --base")
    graph = onnx.load(str(path)).graph
    try:
        weights = _weights(graph)
        body = BertModel(_shape(graph, weights), add_pooling_layer=False)
        body.load_state_dict(
            {name.removeprefix(_BODY): torch.from_numpy(weights[name]) for name in weights if name.startswith(_BODY)}
        )
        network = Network(body, recipe)
        network.heads.weight.data = torch.from_numpy(weights["heads.weight"])
    except (KeyError, RuntimeError, StopIteration) as error:
        raise Broken(
            "the encoder's graph is not one that 'turvakt train' wrote",
            place=str(path),
            remedy="Begin with a base model instead",
        ) from error
    network.heads.bias.data = torch.tensor(files.bias)
    return network


def _weights(graph: onnx.GraphProto) -> dict[str, NDArray[np.float32]]:
    """By the name that PyTorch gave them, the heads' as ``heads.weight``."""
    stored = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    readers = {name: node for node in graph.node for name in node.input}
    makers = {name: node for node in graph.node for name in node.output}
    found = {
        name: np.array(value)
        for name, value in stored.items()
        if name.startswith(_BODY) and value.dtype == np.float32 and not name.endswith("_scale")
    }
    for node in graph.node:
        if node.op_type == "Gather" and node.input[0].startswith(_BODY):
            found[node.input[0].removesuffix("_quantized")] = _widened(stored, node.input[0])
        elif node.op_type == "MatMulInteger":
            rounded = makers[node.input[0]]
            table = _widened(stored, node.input[1]) * _smoothing(makers[rounded.input[0]], stored)
            found[_name(node, readers, stored)] = np.ascontiguousarray(table.T)
        elif node.op_type == "QAttention":
            found |= _attention(node.input[1], node.input[2], stored)
    return found


def _widened(stored: Arrays, quantised: str) -> NDArray[np.float32]:
    whole = stored[quantised].astype(np.float32)
    name = quantised.removesuffix("_quantized")
    return (whole - stored[f"{name}_zero_point"].astype(np.float32)) * stored[f"{name}_scale"].astype(np.float32)


def _attention(weight: str, bias: str, stored: Arrays) -> dict[str, NDArray[np.float32]]:
    """Weights and biases, by the names of both, of the three products that `joining.join_attention` made one node of."""
    tables = np.split(_widened(stored, weight).T, len(PARTS))
    biases = np.split(stored[bias], len(PARTS))
    prefix = bias.removeprefix(JOINED).removesuffix("bias")
    found: dict[str, NDArray[np.float32]] = {}
    for part, table, its in zip(PARTS, tables, biases, strict=True):
        found |= {f"{prefix}{part}.weight": np.ascontiguousarray(table), f"{prefix}{part}.bias": np.array(its)}
    return found


def _smoothing(node: onnx.NodeProto, stored: Arrays) -> NDArray[np.float32]:
    """(width, 1): by what the rows of weights are to be multiplied that read what ``node`` makes."""
    scales = [stored[name] for name in node.input if name.startswith(SCALE)]
    return scales[0].astype(np.float32)[:, None] if scales else np.ones((1, 1), dtype=np.float32)


def _name(node: onnx.NodeProto, readers: Mapping[str, onnx.NodeProto], stored: Iterable[str]) -> str:
    """The exporter numbers weights but keeps the names of biases: a weight is named by the bias that is added to its product."""
    while node.op_type != "Add":
        if node.output[0] not in readers:
            return "heads.weight"
        node = readers[node.output[0]]
    bias = next(name for name in node.input if name in stored)
    return f"{bias.removesuffix('bias')}weight"


def _shape(graph: onnx.GraphProto, weights: Mapping[str, NDArray[np.float32]]) -> BertConfig:
    """What a BERT of these weights looks like. How many heads of attention it has stands in the graph alone."""
    pieces, width = weights["body.embeddings.word_embeddings.weight"].shape
    attention = next(node for node in graph.node if node.op_type == "QAttention")
    norm = next(node for node in graph.node if node.op_type == "LayerNormalization")
    return BertConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=sum(name.endswith(".intermediate.dense.bias") for name in weights),
        num_attention_heads=next(each.i for each in attention.attribute if each.name == "num_heads"),
        intermediate_size=len(weights["body.encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(weights["body.embeddings.position_embeddings.weight"]),
        type_vocab_size=len(weights["body.embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=next(each.f for each in norm.attribute if each.name == "epsilon"),
        attn_implementation="eager",
    )
