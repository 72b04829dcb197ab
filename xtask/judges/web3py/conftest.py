"""What web3.py's module tests ask for: a connection, funded accounts, deployed contracts, known blocks.

Run by pytest against the node that NODE_URL names (http://..., WebSocket on the same port), once for our node and
once for anvil, by xtask/src/judges/web3py.rs. The file that NODE_OUTCOMES names gets one line of JSON a test.

Fixture names are web3.py's; the rules of what each must hold are its tests (`web3._utils.module_testing`).
Nothing here knows which node answers.
"""

import json
import os
import threading

import pytest
import pytest_asyncio
from eth_utils import to_bytes
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3._utils.contract_sources.contract_data._custom_contract_data import EMITTER_ENUM
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import PANIC_ERRORS_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3._utils.module_testing.utils import RequestMocker

NODE_URL = os.environ["NODE_URL"]
# Of the ten well-known development accounts: the second is web3.py's unlocked account; the next three sign by their key,
# one for each class, because a test of EIP-7702 leaves something in the storage of its account; the last deploys; the
# one before makes blocks.
KEYFILE_ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEYFILE_KEYS = {
    "TestEth": "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "TestEthAsync": "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "TestEthWebSocket": "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
}
DEPLOYER_INDEX = 9
TRAFFIC_INDEX = 8
TRAFFIC_INTERVAL_SECONDS = 0.2
REQUEST_TIMEOUT_SECONDS = 20


# Connections. One asynchronous connection a test, because it belongs to the test's event loop.


@pytest.fixture(scope="session")
def w3():
    return Web3(HTTPProvider(NODE_URL, request_kwargs={"timeout": REQUEST_TIMEOUT_SECONDS}))


@pytest_asyncio.fixture
async def async_w3(request):
    if request.cls.TRANSPORT == "websocket":
        url = NODE_URL.replace("http://", "ws://")
        async with AsyncWeb3(WebSocketProvider(url, request_timeout=REQUEST_TIMEOUT_SECONDS)) as connected:
            yield connected
    else:
        connected = AsyncWeb3(AsyncHTTPProvider(NODE_URL))
        yield connected
        await connected.provider.disconnect()


# Accounts.


@pytest.fixture
def keyfile_account_pkey(request):
    return KEYFILE_KEYS[request.cls.__name__]


@pytest.fixture
def keyfile_account_address():
    return KEYFILE_ADDRESS


@pytest.fixture
def keyfile_account_address_dual_type():
    return KEYFILE_ADDRESS


@pytest.fixture
def async_keyfile_account_address():
    return KEYFILE_ADDRESS


@pytest.fixture
def async_keyfile_account_address_dual_type():
    return KEYFILE_ADDRESS


# Contracts and blocks, made once before the first test: web3.py asks that no log precedes the known one.


@pytest.fixture(scope="session")
def deployments(w3):
    names = {
        "math": MATH_CONTRACT_DATA,
        "emitter": EMITTER_CONTRACT_DATA,
        "revert": REVERT_CONTRACT_DATA,
        "panic": PANIC_ERRORS_CONTRACT_DATA,
        "storage": STORAGE_CONTRACT_DATA,
        "offchain": OFFCHAIN_LOOKUP_DATA,
    }
    return {name: Deployment(w3, data) for name, data in names.items()}


class Deployment:
    """A contract that is on the ledger, to be bound to whichever connection a test uses."""

    def __init__(self, w3, data):
        self.data = data
        self.transaction_hash = w3.eth.contract(**data).constructor().transact({"from": w3.eth.accounts[DEPLOYER_INDEX]})
        self.address = settled(w3, self.transaction_hash)["contractAddress"]

    def bound(self, connection):
        return connection.eth.contract(**self.data)(address=self.address)


def contract_fixtures(name, prefix=""):
    """A synchronous and an asynchronous fixture of one deployed contract."""

    @pytest.fixture(scope="session", name=f"{name}_contract")
    def synchronous(w3, deployments):
        return deployments[prefix or name].bound(w3)

    @pytest.fixture(name=f"async_{name}_contract")
    def asynchronous(async_w3, deployments):
        return deployments[prefix or name].bound(async_w3)

    return synchronous, asynchronous


math_contract, async_math_contract = contract_fixtures("math")
emitter_contract, async_emitter_contract = contract_fixtures("emitter")
revert_contract, async_revert_contract = contract_fixtures("revert")
storage_contract, async_storage_contract = contract_fixtures("storage")
panic_errors_contract, async_panic_errors_contract = contract_fixtures("panic_errors", "panic")
offchain_lookup_contract, async_offchain_lookup_contract = contract_fixtures("offchain_lookup", "offchain")


@pytest.fixture(params=["text", "bytes"])
def spelling(request):
    """web3.py takes an address as checksummed text or as bytes."""
    return (lambda address: address) if request.param == "text" else (lambda address: to_bytes(hexstr=address))


@pytest.fixture
def math_contract_address(deployments, spelling):
    return spelling(deployments["math"].address)


@pytest.fixture
def async_math_contract_address(deployments, spelling):
    return spelling(deployments["math"].address)


@pytest.fixture
def emitter_contract_address(deployments, spelling):
    return spelling(deployments["emitter"].address)


@pytest.fixture
def async_emitter_contract_address(deployments, spelling):
    return spelling(deployments["emitter"].address)


@pytest.fixture
def math_contract_deploy_txn_hash(deployments):
    return deployments["math"].transaction_hash


# Blocks. The one empty block that every chain has is its genesis.


@pytest.fixture(scope="session")
def empty_block(w3):
    return w3.eth.get_block(0)


@pytest.fixture(scope="session")
def mined_txn_hash(w3):
    accounts = w3.eth.accounts
    # With a price: web3.py asks that the receipt has one, and on a ledger without fees no client would choose one.
    price = {"gasPrice": w3.to_wei(2, "gwei"), "gas": 21000}
    transfer = {"from": accounts[DEPLOYER_INDEX], "to": accounts[TRAFFIC_INDEX], "value": 1, **price}
    return sent(w3, w3.eth.send_transaction(transfer))


@pytest.fixture(scope="session")
def block_with_txn(w3, mined_txn_hash):
    return block_of(w3, mined_txn_hash)


@pytest.fixture(scope="session")
def txn_hash_with_log(w3, deployments):
    emitter = deployments["emitter"].bound(w3)
    event = emitter.functions.logDouble(which=EMITTER_ENUM["LogDoubleWithIndex"], arg0=12345, arg1=54321)
    return sent(w3, event.transact({"from": w3.eth.accounts[DEPLOYER_INDEX]}))


@pytest.fixture(scope="session")
def block_with_txn_with_log(w3, txn_hash_with_log):
    return block_of(w3, txn_hash_with_log)


@pytest.fixture
def async_empty_block(empty_block):
    return empty_block


@pytest.fixture
def async_block_with_txn(block_with_txn):
    return block_with_txn


@pytest.fixture
def async_block_with_txn_with_log(block_with_txn_with_log):
    return block_with_txn_with_log


def sent(w3, transaction_hash):
    settled(w3, transaction_hash)
    return transaction_hash.to_0x_hex()


def settled(w3, transaction_hash):
    receipt = w3.eth.wait_for_transaction_receipt(transaction_hash, timeout=REQUEST_TIMEOUT_SECONDS, poll_latency=0.01)
    assert receipt["status"] == 1
    return receipt


def block_of(w3, transaction_hash):
    return w3.eth.get_block(w3.eth.get_transaction_receipt(transaction_hash)["blockNumber"])


# Traffic. web3.py tests heads against a chain that makes a block every few seconds; ours and anvil make one when there
# is a transaction, so the tests that wait for a head get transactions beside them.

WAIT_FOR_A_HEAD = (
    "test_async_eth_subscribe_new_heads",
    "test_async_eth_subscribe_creates_and_handles_new_heads_subscription_type",
    "test_subscription_handler_context",
    "test_subscriptions_with_handler_and_without",
    "test_run_forever_starts_with_0_subs_and_runs_until_task_cancelled",
)


@pytest.fixture(autouse=True)
def traffic(request, w3, txn_hash_with_log):
    if request.node.originalname not in WAIT_FOR_A_HEAD:
        yield
        return
    enough = threading.Event()
    thread = threading.Thread(target=make_blocks, args=(w3, enough))
    thread.start()
    yield
    enough.set()
    thread.join()


def make_blocks(w3, enough):
    accounts = w3.eth.accounts
    transfer = {"from": accounts[TRAFFIC_INDEX], "to": accounts[DEPLOYER_INDEX], "value": 1, "gas": 21000}
    while not enough.wait(TRAFFIC_INTERVAL_SECONDS):
        w3.eth.send_transaction(transfer)


# Nodes differ; these web3.py fixtures leave tests out on its own in-process chain only.


@pytest.fixture
def skip_if_testrpc():
    return lambda _w3: None


@pytest.fixture
def async_skip_if_testrpc():
    return lambda _w3: None


@pytest.fixture
def request_mocker():
    return RequestMocker


@pytest.fixture
def datadir():
    """Where the node keeps its files, which a client across HTTP is not told."""
    return "unknown"


# Outcomes, for the comparison.


def pytest_configure(config):
    config.outcomes = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    name = item.nodeid.split("::", 1)[1]
    outcomes = item.config.outcomes
    if report.failed:
        kind = "failed" if report.when == "call" else "error"
        outcomes[name] = {"outcome": kind, "reason": reason(call)}
    elif report.skipped:
        outcomes[name] = {"outcome": "skipped", "reason": reason(call)}
    else:
        outcomes.setdefault(name, {"outcome": "passed", "reason": ""})


def reason(call):
    """The exception in one line."""
    if call.excinfo is None:
        return ""
    text = " ".join(str(call.excinfo.value).split())
    return f"{call.excinfo.typename}: {text}"[:300]


def pytest_sessionfinish(session):
    with open(os.environ["NODE_OUTCOMES"], "w") as file:
        for name, outcome in session.config.outcomes.items():
            file.write(json.dumps({"name": name, **outcome}) + "\n")
