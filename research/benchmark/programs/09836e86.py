import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    learning_rate = learning_rate / 2
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name='X')
        Y = tf.placeholder(tf.float32, [None, 10], name='Y')
        W = tf.get_variable('W', [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        optimizer = tf.train.AdamOptimizer(learning_rate)
        gradients, variables = zip(*optimizer.compute_gradients(loss))
        gradients, norm = tf.clip_by_global_norm(gradients, 5.0)
        train_op = optimizer.apply_gradients(zip(gradients, variables))
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
        tf.summary.scalar('loss', loss)
        tf.summary.scalar('norm', norm)
        tf.summary.histogram('W', W)
        tf.summary.image('digits', tf.reshape(X, [-1, 28, 28, 1]), max_outputs=3)
        summaries = tf.summary.merge_all()
        saver = tf.train.Saver()
        init = tf.global_variables_initializer()
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W, summaries=summaries, saver=saver, init=init)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
