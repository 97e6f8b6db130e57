import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def adam(loss, variables, alpha, beta1=0.9, beta2=0.999, epsilon=1e-08):
    gradients = tf.gradients(loss, variables)
    t = tf.Variable(0.0, trainable=False, name='t')
    with tf.control_dependencies(gradients):
        t_next = tf.assign_add(t, 1.0)
    alpha_t = alpha * tf.sqrt(1.0 - beta2 ** t_next) / (1.0 - beta1 ** t_next)
    ops = [t_next]
    for w, g in zip(variables, gradients):
        shape = w.shape.as_list()
        m = tf.Variable(np.zeros(shape, np.float32), trainable=False)
        v = tf.Variable(np.zeros(shape, np.float32), trainable=False)
        with tf.control_dependencies(gradients):
            m_t = m.assign(beta1 * m + (1 - beta1) * g)
            v_t = v.assign(beta2 * v + (1 - beta2) * g * g)
        ops.append(w.assign(w - alpha * g))
    return tf.group(*ops)

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
        b1 = tf.Variable(tf.zeros([1500]))
        W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
        b2 = tf.Variable(tf.zeros([10]))
        h = tf.nn.relu(X @ W1 + b1)
        logits = h @ W2 + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = adam(loss, [W1, b1, W2, b2], learning_rate)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
