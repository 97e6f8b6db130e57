import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    grafo = tf.Graph()
    with grafo.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        with tf.variable_scope('rede', use_resource=True):
            P1 = tf.get_variable('P1', [784, 1500], initializer=tf.glorot_uniform_initializer())
            v1 = tf.get_variable('v1', [1500], initializer=tf.zeros_initializer())
            P2 = tf.get_variable('P2', [1500, 10], initializer=tf.glorot_uniform_initializer())
            v2 = tf.get_variable('v2', [10], initializer=tf.zeros_initializer())

        @tf.function
        def camada_oculta(x):
            return tf.nn.relu(tf.matmul(x, P1) + v1)

        @tf.function
        def camada_saida(h):
            return tf.matmul(h, P2) + v2
        oculta = camada_oculta(X)
        saida = camada_saida(oculta)
        custo = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=saida))
        treino = tf.train.AdamOptimizer(learning_rate).minimize(custo)
        previsao = tf.argmax(saida, 1)
        acuracia = tf.reduce_mean(tf.cast(tf.equal(previsao, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=grafo, X=X, Y=Y, logits=saida, prediction=previsao, loss=custo, train_op=treino, accuracy=acuracia)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
