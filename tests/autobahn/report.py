"""The reports of the servers of a run, read together."""
import json
from pathlib import Path

AGENT = 'fresh'


def key(case):
    """Cases in the suite's order: 9.2 stands before 9.10."""
    return [int(number) for number in case.split('.')]


def section(case):
    return case.split('.')[0]


def read(folder):
    """Every case of a run, with what the suite says of it; and the folder where its own report is."""
    cases = {}
    for index in sorted(Path(folder).glob('*/index.json')):
        for case, result in json.loads(index.read_text()).get(AGENT, {}).items():
            cases[case] = {**result, 'report': index.parent / result['reportfile']}
    return dict(sorted(cases.items(), key=lambda entry: key(entry[0])))
