import keras
import tensorflow as tf
class Layer(tf.Module):

    def __init__(self, inputs, outputs, name):
        super().__init__(name=name)
        limit = (6.0 / (inputs + outputs)) ** 0.5
        self.w = tf.Variable(tf.random.uniform([inputs, outputs], -limit, limit), name='w')
        self.b = tf.Variable(tf.zeros([outputs]), name='b')

    def __call__(self, x):
        return tf.matmul(x, self.w) + self.b

class Network(tf.Module):

    def __init__(self):
        super().__init__()
        self.first, self.last = (Layer(784, 64, 'first'), Layer(64, 10, 'last'))
        self.optimizer = keras.optimizers.Adam(0.001)
        self.optimizer.build(self.trainable_variables)

    def forward(self, x, rate):
        h = tf.nn.softmax(self.first(x))
        h = tf.nn.dropout(h, rate=rate)
        z = self.last(h)
        return z

    @tf.function(input_signature=[tf.TensorSpec([None, 784])])
    def scores(self, x):
        return self.forward(x, 0.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 784]), tf.TensorSpec([None], tf.int64)])
    def train(self, x, y):
        with tf.GradientTape() as tape:
            z = self.forward(x, 0.3)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

def keras_network():
    return Network()

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'digits'
