import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readEnvFile } from '../../lab/lab.ts'
import { isHost, OCTETS } from '../../lab/network.ts'
import { scenarios } from '../../lab/scenarios/index.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

test('plain `docker compose up` starts scenario 04', () => {
  assert.equal(readFileSync(path('.env'), 'utf8'), readFileSync(path('lab/scenarios/04.env'), 'utf8'))
})

test('every scenario’s file carries its number and names only hosts that there are', () => {
  for (const { number } of scenarios) {
    const variables = readEnvFile(path(`lab/scenarios/${number}.env`))
    assert.equal(variables.SCENARIO, number)
    const hosts = variables.COMPOSE_PROFILES?.split(',') ?? []
    assert.deepEqual(
      hosts.filter(host => !isHost(host) && host !== 'migrate'),
      []
    )
    assert.ok(hosts.includes('client') && hosts.includes('migrate'))
  }
})

test('the compose file gives each host the address that the runner knows', () => {
  const compose = readFileSync(path('docker-compose.yml'), 'utf8')
  for (const [host, octet] of Object.entries(OCTETS)) {
    const service = compose.slice(compose.indexOf(`\n  ${host}:\n`))
    const address = /ipv4_address: "\$\{LAB_NET:-172\.30\.1\}\.(\d+)"/.exec(service)?.[1]
    assert.equal(Number(address), octet, host)
  }
})
