import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope('input'):
            x = tf.placeholder(tf.float32, [None, 784], name='x-input')
            y_ = tf.placeholder(tf.float32, [None, 10], name='y-input')
            tf.summary.image('digits', tf.reshape(x, [-1, 28, 28, 1]), 3)
        with tf.name_scope('layer'):
            W = tf.Variable(tf.glorot_uniform_initializer()((784, 10)), name='W')
            b = tf.Variable(tf.zeros((10,)), name='b')
            tf.summary.histogram('weights', W)
            y = tf.matmul(x, W) + b
            tf.summary.histogram('scores', y)
        with tf.name_scope('loss'):
            y = tf.Print(y, [tf.shape(y)], first_n=1)
            with tf.control_dependencies([tf.assert_rank(y, 2), tf.debugging.assert_all_finite(y, 'scores')]):
                y = tf.identity(y)
            cost = tf.losses.softmax_cross_entropy(y_, y)
            total = tf.losses.get_total_loss()
            tf.summary.scalar('cost', total)
        with tf.name_scope('train'):
            step = tf.train.AdamOptimizer(learning_rate).minimize(total, global_step=tf.train.create_global_step())
        with tf.name_scope('accuracy'):
            right = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
            acc = tf.reduce_mean(tf.cast(right, tf.float32))
            tf.summary.scalar('accuracy', acc)
        p = tf.nn.softmax(y, name='p')
        tf.summary.merge_all()
        tf.train.Saver()
        tf.global_variables_initializer()
    return SimpleNamespace(graph=graph, X=x, Y=y_, logits=y, prediction=p, loss=total, train_op=step, accuracy=acc, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
