"""Several servers on one PostgreSQL."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import postgres  # noqa: E402

from poolhouse import MASTER_KEY, Api, Server  # noqa: E402


def node(url, *args, **options):
    """One server of several: the same database, master key and issuer."""
    env = {'POOLHOUSE_MASTER_KEY': MASTER_KEY, **options.pop('env', {})}
    return Server('--issuer', 'aws', *args, database_url=url, env=env, **options)


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
