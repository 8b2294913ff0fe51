"""The Helm chart: rendered as Helm does it, judged by the types of Kubernetes, and its pod's command and
environment tried with the real server and a real PostgreSQL. No cluster takes part.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import manifests
import postgres
import yaml
from poolhouse import MASTER_KEY, Server, binary

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
CHART = os.path.join(ROOT, 'packaging', 'helm', 'poolhouse')
URL = 'https://id.example.com'
EXISTING = {'publicUrl': URL, 'secret': {'existing': 'mine'}}
OWN = {'publicUrl': URL, 'secret': {'masterKey': MASTER_KEY, 'databaseUrl': 'postgresql://p@db1,db2/p',
                                    'databasePassword': 'a "quoted" one'}}
EVERYTHING = {
    **OWN, 'replicas': 5, 'image': {'repository': 'registry.example.com/ph', 'tag': '1.2'},
    'imagePullSecrets': [{'name': 'pull'}], 'config': {'aws.region': 'eu-west-1', 'server.workers': 32,
                                                       'server.rate_limits': True},
    'env': [{'name': 'POOLHOUSE_MAIL_PASSWORD', 'valueFrom': {'secretKeyRef': {'name': 'm', 'key': 'p'}}}],
    'service': {'type': 'LoadBalancer', 'port': 8080, 'annotations': {'a': 'b'}},
    'ingress': {'enabled': True, 'className': 'nginx', 'host': 'id.example.com', 'tlsSecret': 'tls',
                'annotations': {'a': 'b'}},
    'networkPolicy': {'apiFrom': [{'ipBlock': {'cidr': '10.0.0.0/8'}}],
                      'adminFrom': [{'namespaceSelector': {'matchLabels': {'name': 'monitoring'}}}]},
    'podAnnotations': {'c': 'd'}, 'podLabels': {'e': 'f'}, 'nodeSelector': {'disk': 'fast'},
    'tolerations': [{'key': 'k', 'operator': 'Exists'}],
    'affinity': {'nodeAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': {
        'nodeSelectorTerms': [{'matchExpressions': [{'key': 'x', 'operator': 'Exists'}]}]}}}}
SEVERAL = {'existing secret': EXISTING, 'own secret': OWN, 'everything': EVERYTHING}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


class ChartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix='ph-chart-')
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.program = os.path.join(cls.place, 'render_chart')
        subprocess.run(['go', 'build', '-o', cls.program,
                        os.path.join(ROOT, 'tests', 'support', 'render_chart.go')], check=True,
                       env={**os.environ, 'GO111MODULE': 'off', 'GOPATH': '/usr/share/gocode',
                            'GOCACHE': os.path.join(cls.place, 'cache')})

    def values_file(self, values):
        path = os.path.join(self.place, 'values.yaml')
        with open(path, 'w', encoding='utf-8') as f:
            yaml.safe_dump(values, f)
        return path

    def render(self, values):
        return subprocess.run([self.program, CHART, self.values_file(values)], capture_output=True,
                              text=True, check=False)

    def documents(self, values):
        done = self.render(values)
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        return {d['kind']: d for d in yaml.safe_load_all(done.stdout) if d}

    def container(self, values):
        return self.documents(values)['Deployment']['spec']['template']['spec']['containers'][0]


class Chart(ChartTest):
    def test_every_object_is_what_kubernetes_knows(self):
        for name, values in SEVERAL.items():
            for kind, document in self.documents(values).items():
                with self.subTest(values=name, kind=kind):
                    manifests.check(document)

    def test_what_kubernetes_does_not_know_is_found(self):
        """What judges here would tell a misspelt member, a wrong type and a missing one."""
        for spoil in (lambda c: c.update(readynessProbe={}), lambda c: c['ports'][0].update(containerPort='x'),
                      lambda c: c['ports'][0].pop('containerPort'), lambda c: c.update(args='serve')):
            document = self.documents(EXISTING)['Deployment']
            spoil(document['spec']['template']['spec']['containers'][0])
            with self.assertRaises(manifests.Wrong):
                manifests.check(document)

    def test_which_objects_there_are(self):
        always = {'Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy', 'Job'}
        self.assertEqual(always, set(self.documents(EXISTING)))
        self.assertEqual(always | {'Secret', 'Ingress'}, set(self.documents(EVERYTHING)))
        self.assertEqual({'Deployment', 'Service', 'PodDisruptionBudget'}, set(self.documents({
            **EXISTING, 'networkPolicy': {'enabled': False}, 'migrate': {'enabled': False}})))

    def test_what_is_required_is_asked_for(self):
        for values, text in ((dict(EXISTING, publicUrl=''), 'publicUrl'),
                             ({'publicUrl': URL}, 'secret.masterKey'),
                             ({'publicUrl': URL, 'secret': {'masterKey': 'x'}}, 'secret.databaseUrl'),
                             (dict(EXISTING, ingress={'enabled': True}), 'ingress.host')):
            done = self.render(values)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(text, done.stderr)

    def test_pods_have_no_privileges_and_write_nowhere(self):
        for kind in ('Deployment', 'Job'):
            pod = self.documents(EXISTING)[kind]['spec']['template']['spec']
            self.assertFalse(pod['automountServiceAccountToken'])
            self.assertFalse(pod['enableServiceLinks'], 'POOLHOUSE_PORT would be an unknown key')
            self.assertEqual({'type': 'RuntimeDefault'}, pod['securityContext']['seccompProfile'])
            self.assertTrue(pod['securityContext']['runAsNonRoot'])
            user = re.search(r'(?m)^USER (\d+):(\d+)$', read('packaging', 'docker', 'Dockerfile'))
            self.assertEqual(tuple(map(int, user.groups())), (
                pod['securityContext']['runAsUser'], pod['securityContext']['runAsGroup']))
            container = pod['containers'][0]
            self.assertEqual({'allowPrivilegeEscalation': False, 'readOnlyRootFilesystem': True,
                              'capabilities': {'drop': ['ALL']}}, container['securityContext'])
            self.assertIn('memory', container['resources']['limits'])
            self.assertIn('cpu', container['resources']['requests'])

    def test_selectors_find_the_servers_and_only_them(self):
        documents = self.documents(EVERYTHING)
        labels = documents['Deployment']['spec']['template']['metadata']['labels'].items()
        others = documents['Job']['spec']['template']['metadata']['labels'].items()
        for selector in (documents['Deployment']['spec']['selector']['matchLabels'],
                         documents['Service']['spec']['selector'],
                         documents['PodDisruptionBudget']['spec']['selector']['matchLabels'],
                         documents['NetworkPolicy']['spec']['podSelector']['matchLabels']):
            self.assertLessEqual(selector.items(), labels)
            self.assertFalse(selector.items() <= others)

    def test_ports_that_are_named_exist(self):
        documents = self.documents(EVERYTHING)
        container = self.container(EVERYTHING)
        ports = {p['name'] for p in container['ports']}
        named = [container[p]['httpGet']['port'] for p in ('startupProbe', 'livenessProbe', 'readinessProbe')]
        named += [p['targetPort'] for p in documents['Service']['spec']['ports']]
        named += [p['port'] for rule in documents['NetworkPolicy']['spec']['ingress'] for p in rule['ports']]
        self.assertEqual(ports, set(named))
        backend = documents['Ingress']['spec']['rules'][0]['http']['paths'][0]['backend']['service']
        self.assertEqual(documents['Service']['metadata']['name'], backend['name'])
        self.assertIn(backend['port']['name'], {p['name'] for p in documents['Service']['spec']['ports']})

    def test_one_of_two_servers_may_go_and_none_is_cut_off(self):
        documents = self.documents(EXISTING)
        spec = documents['Deployment']['spec']
        self.assertGreaterEqual(spec['replicas'], 2)
        self.assertEqual(0, spec['strategy']['rollingUpdate']['maxUnavailable'])
        self.assertEqual(1, documents['PodDisruptionBudget']['spec']['maxUnavailable'])
        shown = subprocess.run([binary(), 'config', 'show'], capture_output=True, text=True, check=True).stdout
        drain = int(re.search(r'drain_timeout = (\d+)s', shown)[1])
        pod = spec['template']['spec']
        pause = int(pod['containers'][0]['lifecycle']['preStop']['exec']['command'][1])
        self.assertGreater(pod['terminationGracePeriodSeconds'], drain + pause)

    def test_a_failover_takes_no_server_out_of_the_service(self):
        probe = self.container(EXISTING)['readinessProbe']
        self.assertGreaterEqual(probe['periodSeconds'] * probe['failureThreshold'], 45)

    def test_versions_are_those_of_the_program(self):
        chart = yaml.safe_load(read('packaging', 'helm', 'poolhouse', 'Chart.yaml'))
        version = re.search(r"version: '([^']+)'", read('meson.build'))[1]
        self.assertEqual((version, version), (chart['version'], chart['appVersion']))
        self.assertEqual(f'poolhouse:{version}', self.container(EXISTING)['image'])

    def test_yaml_is_tidy(self):
        rules = ('{extends: relaxed, rules: {line-length: {max: 120}, empty-lines: disable,'
                 ' indentation: {indent-sequences: whatever}}}')
        for name, values in SEVERAL.items():
            done = subprocess.run(['yamllint', '--strict', '-d', rules, '-'], input=self.render(values).stdout,
                                  capture_output=True, text=True, check=False)
            self.assertEqual('', done.stdout, name)
        for name in ('Chart.yaml', 'values.yaml'):
            subprocess.run(['yamllint', '--strict', '-d', rules, os.path.join(CHART, name)], check=True)

    @unittest.skipUnless(shutil.which('helm'), 'Helm is no part of Debian: rendered by tests/support/render_chart.go')
    def test_helm_itself_renders_the_same(self):
        for values in SEVERAL.values():
            path = self.values_file(values)
            subprocess.run(['helm', 'lint', '--strict', CHART, '-f', path], check=True)
            done = subprocess.run(['helm', 'template', 'test', CHART, '-f', path], check=True,
                                  capture_output=True, text=True)
            self.assertEqual(self.documents(values), {
                d['kind']: d for d in yaml.safe_load_all(done.stdout) if d})


class Pod(ChartTest):
    """The command and the environment of the pod, with the real server."""

    def environment(self, values, secrets):
        """What the kubelet would give the container."""
        env = {}
        for one in self.container(values)['env']:
            ref = one.get('valueFrom', {}).get('secretKeyRef')
            value = secrets.get(ref['key']) if ref else one['value']
            if value is None:
                self.assertTrue(ref.get('optional'), one)
                continue
            env[one['name']] = value
        return env

    def test_every_variable_is_a_setting(self):
        keys = subprocess.run([binary(), 'config', 'keys'], capture_output=True, text=True, check=True).stdout
        known = {'POOLHOUSE_' + k.upper().replace('.', '_') for k in re.findall(r'(?m)^\| `([a-z_.]+)`', keys)}
        for values in SEVERAL.values():
            self.assertLessEqual({e['name'] for e in self.container(values)['env']}, known)

    def test_the_server_starts_with_it_and_its_probes_are_answered(self):
        cluster = postgres.Cluster()
        self.addCleanup(cluster.stop)
        cluster.make().start()
        secrets = {'master-key': MASTER_KEY, 'database-url': cluster.url()}
        values = {**EXISTING, 'config': {'aws.region': 'eu-west-1', 'server.rate_limits': True}}
        env = self.environment(values, secrets)
        container = self.container(values)
        server = Server(mode=container['args'][0], env=env, database_url=secrets['database-url'])
        self.addCleanup(server.stop)
        server.start()
        for probe in ('startupProbe', 'livenessProbe', 'readinessProbe'):
            path = container[probe]['httpGet']['path']
            self.assertEqual(200, server.get(path, port=server.admin_port).status)
        job = self.documents(values)['Job']['spec']['template']['spec']['containers'][0]
        subprocess.run([binary(), *job['args']], check=True, env={**os.environ, **env}, timeout=60)


if __name__ == '__main__':
    unittest.main()
