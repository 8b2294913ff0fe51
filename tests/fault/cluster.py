"""Several servers on one PostgreSQL."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import postgres  # noqa: E402

from poolhouse import MASTER_KEY, Api, Server  # noqa: E402


ISSUER = ('--issuer', 'aws')  # the same for all of them


def options_of(url, **options):
    """Of one server of several: the same database, and a master key that all have."""
    return {'env': {'POOLHOUSE_MASTER_KEY': MASTER_KEY}, **options, 'database_url': url}


def node(url, *args, **options):
    """One server of several: the same database, master key and issuer."""
    return Server(*ISSUER, *args, **options_of(url, **options))


class TwoServers:
    """Before PoolhouseTest among the bases of a class: its server, and another one on the same
    PostgreSQL, started with the same arguments and options."""

    node_args = ()
    node_options = {}

    @classmethod
    def setUpClass(cls):
        cls.database = postgres.Cluster()
        cls.addClassCleanup(cls.database.stop)
        url = cls.database.make().start().url()
        cls.other = node(url, *cls.node_args, **cls.node_options).start()
        cls.addClassCleanup(cls.other.stop)
        cls.other_id = cls.database.sql('SELECT id FROM nodes')
        cls.server_args = (*ISSUER, *cls.node_args)
        cls.server_options = options_of(url, **{**cls.node_options, **cls.server_options})
        super().setUpClass()


def api(server, **options):
    return Api(server.port, **options)


def pair(cleanup, synchronous=True):
    """A primary and its standby; `cleanup` is told how to stop them."""
    primary = postgres.Cluster(durable=True)
    cleanup(primary.stop)
    primary.make().start()
    standby = postgres.Cluster(durable=True)
    cleanup(standby.stop)
    standby.copy_of(primary, 'standby').start()
    primary.wait_for_standby('standby', synchronous)
    return primary, standby


def url_of(*clusters, database='postgres'):
    hosts = ','.join(c.directory for c in clusters)
    return f'postgresql://{postgres.OWNER}@/{database}?host={hosts}&port={postgres.PORT}'
