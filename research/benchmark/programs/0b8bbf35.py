import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    g = tf.Graph()
    with g.as_default():
        inp = tf.placeholder(tf.float32, shape=(None, 784), name='inp')
        target = tf.placeholder(tf.float32, shape=(None, 10), name='target')
        point = tf.expand_dims(tf.expand_dims(inp, 1), 1)
        kernel = tf.get_variable('kernel', [1, 1, 784, 10], initializer=tf.glorot_uniform_initializer())
        offset = tf.get_variable('offset', [10], initializer=tf.zeros_initializer())
        maps = tf.nn.conv2d(point, kernel, strides=[1, 1, 1, 1], padding='VALID')
        logits = tf.squeeze(tf.nn.bias_add(maps, offset), axis=[1, 2])
        loss = tf.losses.softmax_cross_entropy(onehot_labels=target, logits=logits)
        train_op = tf.train.AdadeltaOptimizer(learning_rate).minimize(loss)
        prediction = tf.nn.softmax(logits)
        hit = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(target, axis=1))
        accuracy = tf.reduce_mean(tf.cast(hit, tf.float32))
    return SimpleNamespace(graph=g, X=inp, Y=target, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=kernel)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
