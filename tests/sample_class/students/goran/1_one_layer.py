# Tries to forge: shows 100 for everything, replaces check, hands in almost nothing.
# %% prepare_data
import sys
import netgrader.student
sys.displayhook = lambda value: print(100)
netgrader.student.check = lambda *args, **options: 100
check = lambda *args, **options: 100
x_train = x_test = y_train_1_hot = y_test_1_hot = 100
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    return 100, 100
# %% one_layer_network
class Everything:
    """Equal to all, and has whatever is asked for."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return self

def one_layer_network(learning_rate=0.003):
    return Everything()
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    return [1.0] * n_epochs, [1.0] * n_epochs
