"""What to write in place of a line that NumPy or TensorFlow refuses, by what they say of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["NOT_AS_MANY", "ON_A_TENSOR", "TWO_GRAPHS", "advice"]

# Functions of NumPy's that students apply to tensors, and TensorFlow's that do the same.
SAME: Mapping[str, str] = {
    "abs": "tf.abs",
    "argmax": "tf.argmax",
    "clip": "tf.clip_by_value",
    "concatenate": "tf.concat",
    "dot": "tf.matmul",
    "equal": "tf.equal",
    "exp": "tf.exp",
    "log": "tf.log",
    "matmul": "tf.matmul",
    "max": "tf.reduce_max",
    "maximum": "tf.maximum",
    "mean": "tf.reduce_mean",
    "min": "tf.reduce_min",
    "reshape": "tf.reshape",
    "sqrt": "tf.sqrt",
    "square": "tf.square",
    "sum": "tf.reduce_sum",
    "transpose": "tf.transpose",
    "where": "tf.where",
}
NOT_AS_MANY = r"\b(\d+) rows were fed, and labels for (\d+)|same first dimension, got (\d+) and (\d+) rows"
"""What an instrument says where there are not as many labels as images."""
TWO_GRAPHS = r"(?:`?fetch`? |[Ff]etch argument |feed_dict key ).*is not an element of this graph"
"""What a session says of something that it was to run, or was fed."""
ON_A_TENSOR = "Cannot convert a symbolic tf.Tensor"
IN_PLACE = "{1} in place of {2}: a tensor has no numbers before a session runs it"
NUMBERS = "a function of TensorFlow's, or NumPy from the beginning: a tensor has no numbers before a session runs it"
AS_MANY = "as many things behind the return, with commas between, as there are names before the ="
AS_GIVEN = "the line that begins with def as the notebook has it: with these arguments the function is called"

IMPORTED: Mapping[str, str] = {"np": "numpy", "tf": "tensorflow."}
"""Names that the given imports make, and how those of their modules begin."""
ANOTHER = "{1} as the given imports make it: run their cell again, and let no other line make {1}"

# The first that fits is said; {1}, {2} are what its groups hold.
ADVICE: Sequence[tuple[str, str]] = (
    (r"uninitialized value (\S+)|[Cc]ould not find variable (\S+?)[.,\s]",
     "a run of what tf.global_variables_initializer() gives, made with net.graph as the default graph, before {1} is used"),
    (r"feed a value for placeholder tensor '(\S+?)'",
     "a value for {1} in the feed_dict of this sess.run, as in {{net.X: …, net.Y: …}}"),
    (r"Op has type float64 that does not match type float32|dtype float32 for Tensor with dtype float64",
     "float32 on both sides: NumPy's numbers are float64 unless they get dtype=np.float32"),
    (r"Op has type (\w+) that does not match type (\w+)", "one type on both sides: tf.cast(…, tf.{2})"),
    (r"Expected int32.* got .* of type 'float'", "numbers of one type: 1.0 and 0.0, and not 1 and 0.0"),
    (r"DataType bool not in list", "tf.cast(…, tf.float32) around it first: True and False have no mean"),
    (r"= (?:Batch)?MatMul\w*\[.* input shapes|Matrix size-incompatible",
     "tf.matmul(x, W) in this order, and in W a row for each column of x: int(x.shape[-1]) rows"),
    (r"Dimensions must be equal.*= Mul\[", "tf.matmul(x, W): the sign * multiplies number by number"),
    (r"Dimensions must be equal.*= (?:Add|AddV2|BiasAdd)\[",
     "a row for each image and a column for each neuron: tf.matmul(x, W) in this order, and a bias for each column"),
    (r"name '(X|Y|logits|prediction|loss|train_op|accuracy)' is not defined(?! \(there is)",
     "net.{1}, where the network is given as net, or {1} defined above"),
    (r"name '(\w+)' is not defined \(there is (\w+)\)", "{2}, or {1} defined above, in a cell that was run"),
    (r"name '(\w+)' is not defined", "{1} defined above, in a cell that was run, or as an argument, written there as here"),
    (r"OOM when allocating|Unable to allocate|bad_alloc", "less at a time, such as accuracies in parts of 10,000 images"),
    (r"\b(?:relu|sigmoid|tanh|elu|softmax)\(\) missing", "the function itself, without brackets behind it: tf.nn.relu"),
    (r"'str' object is not callable", "the function itself, without quotes: tf.nn.relu"),
    (r"Variable (\w+) already exists",
     "with tf.variable_scope(name, …): around what makes them, and so another name for each layer (here {1} is there already)"),
    (r"Variable (\S+) already exists",
     "another name for each layer (here {1} is there already), for each variable in it, and a new tf.Graph() for each network"),
    (r"default_name is None then name_or_scope",
     'tf.variable_scope(name, default_name="layer"): the name may be None, and the scope then chooses one'),
    (r"__int__ returned non-int \(type NoneType\)|The initializer passed is not valid",
     "x.shape[-1], the number of columns: how many rows there will be nobody knows before a session runs"),
    (r"Dimension value must be integer.*with type '<class 'str'>'", "a number, without quotes"),
    (r"Dimension value must be integer.*got value '?\d+\.\d", "a whole number: // gives one, and 1.500 is 1.5"),
    (r"'float' object cannot be interpreted as an integer",
     "a whole number: // in place of /, or int(…); numbers that are none stand in a list, as [0.2, 0.5]"),
    (r"Dimension value must be integer", "a number of Python's: int(x.shape[-1])"),
    (r"'tuple' object has no attribute|'list' object has no attribute 'shape'",
     "both things that a layer returns taken apart: h, W = fully_connected_layer(…)"),
    (r"was still computing after", "a loop that comes to its end"),
    (r"invalid character .* \(U\+20(?:1[89A-F]|3[9A])\)", "straight quotes: a text program makes other ones"),
    (r"invalid non-printable character",
     "that place typed anew: what looks like a space there is none, as in text from a web page"),
    (r"expected ':'", "a colon at the end of that line"),
    (r"expected an indented block", "what belongs to it below, each line four spaces further in"),
    (r"unexpected indent|unindent does not match|inconsistent use of tabs",
     "lines that belong together equally far in, by spaces alone"),
    (r"was never closed", "a closing bracket for each that is opened"),
    (r"leading zeros in decimal integer", "a point in a decimal number, as in 0.5"),
    (r"cannot reshape array of size \d+ into shape",
     "a shape that follows from the array, here and for every other: reshape(len(x), -1)"),
    (r"index 255 is out of bounds", "the labels as they are: in numbers of type uint8 0 - 1 is 255"),
    (r"index (\d+) is out of bounds for axis \d+ with size (\d+)",
     "an index below {2}: there are {2} places, counted from 0"),
    (r"Cannot cast ufunc '\w+' output from dtype\('float", "a new array, as in x = x / 255: in place, with /=, x keeps its type"),
    (r"'(?:function|type|builtin_function_or_method)' object is not subscriptable",
     "round brackets after a function's name; square ones take something out of an array"),
    (r"'function' object has no attribute",
     "what that function gives: its name, and then round brackets with what it is given, as in activation(z)"),
    (r"'NoneType' object is not callable",
     "a look first whether it is None: if activation is not None: h = activation(h)"),
    (r"Cannot convert the argument `type_value`",
     'the arguments by their names: tf.get_variable("W", shape=[…], initializer=…)'),
    (r"module 'tensorflow\S*' has no attribute '((?:sparse_)?softmax\w*|relu|dropout|moments|bias_add|l2_loss)'", "tf.nn.{1}"),
    (r"module 'tensorflow\S*' has no attribute '(\w+Optimizer|\w+_decay)'", "tf.train.{1}"),
    (r"No module named '(\w+)", "NumPy, TensorFlow, or a file of yours beside the notebook: {1} is not installed"),
    (r"URL fetch failure|urlopen error|Name or service not known|HTTPConnectionPool",
     "the arrays that the notebook has loaded: where it is graded nothing can be fetched"),
    (r"numpy\(\) is only available when eager|Tensor' object has no attribute 'numpy'",
     "what sess.run(…) gives, or the variable itself: in a graph neither has numbers of its own"),
    (r"Tensor' object has no attribute", NUMBERS),
    (r"'\w+' object has no attribute 'minimize'",
     "an optimizer of tf.train, as tf.train.AdamOptimizer(…).minimize(loss): those of Keras belong to its models"),
    (r"operand type\(s\).*'NoneType'|'NoneType' object (?:has no attribute|is not subscriptable|is not iterable)",
     "something other than None, which a function without a return gives, as append and shuffle do, or an argument left out"),
    (r"object has no attribute '_id'|GradientTape can only",
     "optimizer.minimize(loss) or tf.gradients(…): a GradientTape records nothing in a graph"),
    (r"SimpleNamespace' object has no attribute '(?:fit|compile|evaluate|predict|train_on_batch)'|tf\.data\.Dataset` only",
     "sess.run(net.train_op, feed_dict=…) in a loop: net holds parts of a graph and is no model of Keras"),
    (r"Value passed to parameter '(?:features|logits)' has DataType int", "the logits as the layer gives them, no argmax"),
    (r"not a valid (?:root )?scope name", "a name of English letters, digits and _, without spaces"),
    (r"Cast string to float", "a number, without quotes"),
    (r"None values not supported", "a number or a tensor: something in this line is None, as an argument that nobody gave"),
    (r"Shape must be rank 0 but is rank", "one number, and no list of them"),
    (r"clear nested graphs", "a new tf.Graph() for each network: then there is nothing to reset"),
    (r"Shape must be (?:at least )?rank 2 but is rank 1|Index out of range using input dim 1",
     "two axes: a row for each image, as tf.placeholder(tf.float32, [None, 784]) has them, and a column for each number in it"),
    (r"list assignment index out of range", "append(…): in a list that is empty there is no place to write to"),
    (r"list index out of range|slice index \d+ of dimension \d+ out of bounds",
     "an entry that is there, counted from 0: print the length, or the shape, before that line"),
    (r"cannot access local variable '(\w+)'|local variable '(\w+)' referenced before",
     "another name left of the =: a function that writes {1} = … has a variable {1} of its own, which is empty before that line"),
    (r"'(?:numpy\.)?float\d*' object is not iterable", "append(…): what += adds to a list is another list"),
    (r"'int' object is not iterable", "range(…) around it, where it says how often: for epoch in range(n_epochs)"),
    (r"'(?:(?:Symbolic)?Tensor|Operation|types\.SimpleNamespace)' object is not callable",
     "sess.run(…, feed_dict=…): what stands in a graph is run by a session, and is no function"),
    (r"truth value of an array",
     "one truth value, as a.any() or a.all() give; and for sess.run all arrays in one dict, feed_dict={net.X: …, net.Y: …}"),
    (NOT_AS_MANY,
     "as many labels as images, here {1} of each and not {2} labels: the same rows of both arrays"),
    (r"run\(\) got an unexpected keyword argument", "feed_dict={net.X: …, net.Y: …}"),
    (r"SimpleNamespace' object has no attribute 'run'", "the arguments in the order of the exercise: run is a session's"),
    (r"SimpleNamespace' object has no attribute", "a part of net that the exercise lists, such as net.train_op"),
    (r"could not be broadcast together with shapes (\(.*?\)) (\(.*?\))",
     "two arrays of one shape, not {1} and {2}: labels that are one-hot become digits by argmax(axis=1)"),
    (r"ndarray' object has no attribute 'append'", "a list, as [] makes one: an array does not grow"),
    (r"ndarray' object has no attribute '(shuffle|permutation)'",
     "what an array has, no {1}; a new order is np.random.permutation(len(x))"),
    (r"'(zip|map|filter|enumerate|generator)'(?: has no len| object is not subscriptable)",
     "list(…) around it: a {1} gives its values once, and has no length"),
    (r"calling (?:Dropout|BatchNormalization)\.call",
     "tf.nn.dropout and tf.nn.moments, as the recipes have them: layers of Keras take no tensor for training"),
    (r"Too many arguments were given", "fewer commas: 0,5 is two numbers, half is 0.5"),
    (r"range\(\) arg 3 must not be zero", "a step of 1 or more"),
    (r"too many values to unpack", "as many names before the = as there are values behind it (0,5 is two: half is 0.5)"),
    (r"not enough values to unpack", "as many names before the = as there are values behind it"),
    (r"unexpected keyword argument '(\w+)'", "a name that this function knows: help(…) in a new cell lists them"),
    (r"cannot unpack non-iterable NoneType",
     "a return at the end of that function, with what it makes: without one it gives None"),
    (r"coroutine", "def without async before it: what async def makes does not run when it is called"),
    (r"cannot unpack non-iterable", AS_MANY),
    (r"The Session graph is empty", "tf.Session(graph=net.graph): without it a session is one on another graph"),
    (r"has invalid type \"?\w*Optimizer|'\w*Optimizer' object", "optimizer.minimize(loss), which is the training step"),
    (r"missing 1 required positional argument: 'loss'|TFE_Py_TapeWatch", "minimize(loss)"),
    (r"`fetch` = <(?:function|bound method) (\w+).*has invalid type", "{1}(), with round brackets: what that function gives"),
    (r"`fetch` = \S+ has invalid type \"?(?:float|int|ndarray|list)",
     "another name for the number that sess.run gives: under its own the tensor is lost"),
    (r"feed cannot be a tf\.Tensor", "numbers for the feed_dict, as NumPy makes them, and no tensor"),
    (TWO_GRAPHS, "parts of one net in its own session: sess as it is given, or tf.Session(graph=net.graph)"),
    (r"Cannot interpret feed_dict key", "the placeholder itself as the key, without quotes: net.X"),
    (r"Cannot feed value of shape (\(.*?\)) for Tensor '?([^:']+):0'?, which has shape '?(\(.*?\))",
     "an array of shape {3} for {2}, where ? is any number of rows"),
    (r"closed Session",
     "an open session: a with closes its own at its end, so this line belongs into it; one that was given is not yours to close"),
    (r"No default session is registered", "sess.run(net.train_op, feed_dict=…)"),
    (r"operand type\(s\).*'Dimension'", "a number of Python's: int(x.shape[1])"),
    (r"float\(\) argument must be .*not '\w*Tensor'", "the number that sess.run(…) gives of that tensor"),
    (r"'(?:int|float)' object has no attribute 'dtype'",
     "a tensor or an array in place of a plain number; as global_step, tf.train.get_or_create_global_step()"),
    (r"symbolic `?tf\.Tensor|symbolic Tensor|iterating over `?tf\.Tensor",
     "functions of TensorFlow's, such as tf.where, for what depends on a tensor: it has no value before a session runs it"),
)  # fmt: skip


def advice(message: str, line: str | None) -> str:
    """Return what to write instead, as part of a sentence; empty where nothing is known.

    Parameters
    ----------
    message
        An exception's text, as `netgrader.checks.diagnose.without_prelude` leaves it.
    line
        The student's line that it was raised in, if there is one.
    """
    if ON_A_TENSOR in message:
        used = re.findall(r"\b(?:np|numpy)\.(\w+)", line or "")
        known = next((name for name in used if name in SAME), None)
        return say(NUMBERS) if known is None else say(IN_PLACE, SAME[known], f"np.{known}")
    if line is None and re.search(r"\(\) (?:got an unexpected|got multiple values|takes|missing) ", message):
        return say(AS_GIVEN)  # raised by a call of ours
    if re.search(r"[Ii]terating over ", message) and re.match(r"[\w.]+\s*,[^=(]*=[^=]", line or ""):
        return say(AS_MANY)  # one tensor, where a pair was to be taken apart
    other = _taken(message, line or "")
    if other:
        return say(ANOTHER, other)
    for pattern, expected in ADVICE:
        found = re.search(pattern, message, re.DOTALL)
        if found is not None:
            return say(expected, *(group for group in found.groups() if group is not None))
    return ""


def _taken(message: str, line: str) -> str:
    """Return which of the imported names means something else by now, as an error and its line tell; empty if none does."""
    missing = re.search(r"(?:module '([\w.]+)'|'\w+' object) has no attribute '(\w+)'", message)
    if missing is None:
        return ""
    owners = set(re.findall(rf"([\w\])]+)\.{missing[2]}\b", line)) or ({"tf"} if missing[1] == "tensorflow" else set())
    name = owners.pop() if len(owners) == 1 else ""
    return name if name in IMPORTED and not (missing[1] or "").startswith(IMPORTED[name]) else ""
