import keras
import tensorflow as tf
class Network(tf.Module):

    def __init__(self):
        super().__init__()
        shapes = [[784, 48], [48, 10]]
        self.weights = [tf.Variable(tf.random.normal(s, stddev=s[0] ** (-0.5))) for s in shapes]
        self.biases = [tf.Variable(tf.zeros(s[1:])) for s in shapes]
        self.speeds = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in [*self.weights, *self.biases]]

    @tf.function
    def scores(self, x):
        h = tf.tanh(tf.linalg.matmul(x, self.weights[0]) + self.biases[0])
        z = tf.linalg.matmul(h, self.weights[1]) + self.biases[1]
        return z

    @tf.function
    def train(self, x, y):
        variables = [*self.weights, *self.biases]
        with tf.GradientTape() as tape:
            z = self.scores(x)
            loss = tf.reduce_mean(-tf.reduce_sum(y * tf.nn.log_softmax(z), axis=1))
        for variable, speed, slope in zip(variables, self.speeds, tape.gradient(loss, variables)):
            speed.assign(0.9 * speed + slope)
            variable.assign_sub(0.1 * speed)
        return loss

def keras_network():
    return Network()

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'
