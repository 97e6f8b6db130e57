import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    grafo = tf.Graph()
    with grafo.as_default():
        entrada = tf.placeholder(tf.float32, [None, 784], name='entrada')
        salida = tf.placeholder(tf.float32, [None, 10], name='salida')
        pesos1 = tf.get_variable('pesos1', [784, 1500])
        sesgo1 = tf.get_variable('sesgo1', [1500], initializer=tf.zeros_initializer())
        pesos2 = tf.get_variable('pesos2', [1500, 10])
        sesgo2 = tf.get_variable('sesgo2', [10], initializer=tf.zeros_initializer())
        oculta = tf.maximum(0.0, entrada @ pesos1 + sesgo1)
        puntaje = oculta @ pesos2 + sesgo2
        costo = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=salida, logits=puntaje))
        paso = tf.train.AdamOptimizer(learning_rate).minimize(costo)
        digito = tf.argmax(puntaje, 1)
        exactitud = tf.reduce_mean(tf.cast(tf.equal(digito, tf.argmax(salida, 1)), tf.float32))
    return SimpleNamespace(graph=grafo, X=entrada, Y=salida, logits=puntaje, prediction=digito, loss=costo, train_op=paso, accuracy=exactitud)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
