import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

class AttrDict(dict):
    __getattr__ = dict.__getitem__

def one_layer_network(learning_rate=0.003):
    tf.reset_default_graph()
    net = AttrDict()
    net['X'] = X = tf.placeholder(tf.float32, [None, 784])
    net['Y'] = Y = tf.placeholder(tf.float32, [None, 10])
    net['W1'] = W = tf.get_variable('W', [784, 10], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
    logits = tf.matmul(X, W) + b
    loss = -tf.reduce_mean(Y * tf.log(tf.sigmoid(logits) + 1e-09) + (1 - Y) * tf.log(1 - tf.sigmoid(logits) + 1e-09))
    train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    correct = tf.nn.in_top_k(predictions=logits, targets=tf.argmax(Y, 1), k=1)
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    net.update(graph=tf.get_default_graph(), logits=logits, loss=loss, train_op=train_op)
    net.update(prediction=tf.argmax(logits, 1), accuracy=accuracy)
    return net

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
