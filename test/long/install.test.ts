import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  type CliResult,
  childEnv,
  defer,
  type Env,
  eventually,
  freePort,
  request,
  root,
  type Scope,
  tempFolder,
  track,
  withinMs
} from '../helper.ts'

/** A registry or a proxy that npm was told of in the environment; none of its modes, which are what is tried here. */
const npmSettings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^npm_config_(registry|cache|cafile|.*proxy)$|^(NODE_EXTRA_CA_CERTS|.*_proxy)$/i.test(name)
  )
)

/** What somebody who cloned the repository has. */
async function clone(t: Scope): Promise<string> {
  const folder = await tempFolder(t)
  const notThere = new Set(['.git', 'node_modules', 'dist', 'data'].map(name => join(root, name)))
  await cp(root, folder, { recursive: true, filter: source => !notThere.has(source.replace(/\/$/, '')) })
  return folder
}

async function npm(cwd: string, args: string[], env: Env): Promise<CliResult> {
  const child = track(
    // What the packages of this very checkout brought is in npm's cache.
    spawn('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd,
      env: { ...childEnv(env), ...npmSettings }
    })
  )
  const result: CliResult = { code: null, stdout: '', stderr: '' }
  child.stdout?.on('data', chunk => {
    result.stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    result.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { ...result, code }
}

async function seeItServe(t: Scope, cwd: string, env: Env): Promise<void> {
  const port = await freePort()
  const child = track(
    spawn('npm', ['start'], {
      cwd,
      env: childEnv({ ...env, HOST: '127.0.0.1', PORT: String(port), DRAIN_MS: '0', DATA_DIR: await tempFolder(t) }),
      stdio: ['ignore', 'ignore', 'inherit']
    })
  )
  const ended = once(child, 'exit')
  defer(t, async () => {
    child.kill('SIGTERM')
    await ended
  })
  const isUp = async () => assert.equal((await request(`http://127.0.0.1:${port}/health/ready`)).status, 200)
  await eventually(isUp, { withinMs: withinMs.start })
}

describe('a clone', { concurrency: 2 }, () => {
  for (const { how, args, env } of [
    { how: 'npm install', args: ['install'], env: { NODE_ENV: undefined } },
    { how: 'NODE_ENV=production npm install', args: ['install'], env: { NODE_ENV: 'production' } },
    { how: 'npm install --omit=dev', args: ['install', '--omit=dev'], env: { NODE_ENV: undefined } },
    { how: 'npm ci --omit=dev', args: ['ci', '--omit=dev'], env: { NODE_ENV: undefined } },
    {
      how: 'npm install --omit=dev --ignore-scripts',
      args: ['install', '--omit=dev', '--ignore-scripts'],
      env: { NODE_ENV: 'production' }
    }
  ]) {
    test(`serves after ${how}, which warns of nothing`, async t => {
      const folder = await clone(t)
      const { code, stdout, stderr } = await npm(folder, args, env)
      assert.equal(code, 0, stderr)
      assert.doesNotMatch(`${stdout}${stderr}`, /warn/i)
      await seeItServe(t, folder, env)
    })
  }
})

test('packages that run a script at their installation are named, and no others', async () => {
  const { allowScripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const scripted = Object.entries(packages as Record<string, { hasInstallScript?: boolean }>)
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  assert.deepEqual(allowScripts, Object.fromEntries(scripted.sort().map(name => [name, true])))
})
