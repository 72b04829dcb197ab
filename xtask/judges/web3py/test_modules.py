"""web3.py 8's own module tests, over each way that a client connects: HTTP, HTTP asynchronously, WebSocket.

The tests are inside the web3 package; this file only says on which connection each class of them runs.
"""

import pytest
from web3._utils.module_testing.eth_module import AsyncEthModuleTest, EthModuleTest
from web3._utils.module_testing.go_ethereum_admin_module import (
    GoEthereumAdminModuleTest,
    GoEthereumAsyncAdminModuleTest,
)
from web3._utils.module_testing.go_ethereum_debug_module import (
    GoEthereumAsyncDebugModuleTest,
    GoEthereumDebugModuleTest,
)
from web3._utils.module_testing.go_ethereum_txpool_module import (
    GoEthereumAsyncTxPoolModuleTest,
    GoEthereumTxPoolModuleTest,
)
from web3._utils.module_testing.net_module import AsyncNetModuleTest, NetModuleTest
from web3._utils.module_testing.persistent_connection_provider import PersistentConnectionProviderTest
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest, Web3ModuleTest


class Version:
    def _check_web3_client_version(self, client_version):
        name, version = client_version.split("/")[:2]
        assert name and version


class OverHttp:
    TRANSPORT = "http"


class OverWebSocket:
    TRANSPORT = "websocket"


class TestEth(EthModuleTest):
    pass


class TestEthAsync(OverHttp, AsyncEthModuleTest):
    pass


class TestEthWebSocket(OverWebSocket, AsyncEthModuleTest):
    pass


class TestNet(NetModuleTest):
    pass


class TestNetAsync(OverHttp, AsyncNetModuleTest):
    pass


class TestNetWebSocket(OverWebSocket, AsyncNetModuleTest):
    pass


class TestWeb3(Version, Web3ModuleTest):
    pass


class AsyncWeb3Test(Version, AsyncWeb3ModuleTest):
    """web3.py's class inherits the synchronous tests, and some of those it only overrides in part."""


class TestWeb3Async(OverHttp, AsyncWeb3Test):
    pass


class TestWeb3WebSocket(OverWebSocket, AsyncWeb3Test):
    pass


class TestDebug(GoEthereumDebugModuleTest):
    pass


class TestDebugAsync(OverHttp, GoEthereumAsyncDebugModuleTest):
    pass


class TestTxpool(GoEthereumTxPoolModuleTest):
    pass


class TestTxpoolAsync(OverHttp, GoEthereumAsyncTxPoolModuleTest):
    pass


class TestAdmin(GoEthereumAdminModuleTest):
    pass


class TestAdminAsync(OverHttp, GoEthereumAsyncAdminModuleTest):
    pass


class TestSubscriptions(OverWebSocket, PersistentConnectionProviderTest):
    pass
