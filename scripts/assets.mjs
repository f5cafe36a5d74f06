import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { extname, join, parse } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const compressible = new Set(['.css', '.js', '.svg', '.webmanifest'])

const compressors = {
  br: content => promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: content => promisify(gzip)(content, { level: 9 })
}

/**
 * Copies the files of `fromDir` to an emptied `toDir` under names that carry a hash of their content, with compressed
 * siblings, and writes `manifest.json` (plain name → hashed name), which is also the answer.
 */
export async function buildAssets(fromDir, toDir) {
  const names = (await readdir(fromDir)).sort()
  const sources = new Map(await Promise.all(names.map(async name => [name, await readFile(join(fromDir, name))])))
  const assets = new Map()
  for (const name of names) hashAsset(name, sources, assets, [])

  await rm(toDir, { recursive: true, force: true })
  await mkdir(toDir, { recursive: true })
  const manifest = Object.fromEntries([...assets].map(([name, { hashedName }]) => [name, hashedName]))
  await Promise.all([
    writeFile(join(toDir, 'manifest.json'), JSON.stringify(manifest)),
    ...[...assets.values()].map(asset => writeAsset(asset, toDir))
  ])
  return manifest
}

/** References first: a file's name has to change when that of a file it refers to does. */
function hashAsset(name, sources, assets, parents) {
  if (parents.includes(name)) throw new Error(`Assets refer to each other: ${[...parents, name].join(' → ')}`)
  const done = assets.get(name)
  if (done) return done

  let content = sources.get(name)
  const { name: stem, ext } = parse(name)
  if (compressible.has(ext)) {
    // Only whole quoted or bracketed names, as scripts import them too, so that prose which mentions a file is left alone.
    const text = content.toString().replace(/(?<=["'(](?:\.\/)?)[\w-]+\.[a-z]+(?=["')])/g, reference => {
      if (reference === name || !sources.has(reference)) return reference
      return hashAsset(reference, sources, assets, [...parents, name]).hashedName
    })
    content = Buffer.from(text)
  }
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8)
  const asset = { hashedName: `${stem}.${hash}${ext}`, content }
  assets.set(name, asset)
  return asset
}

async function writeAsset({ hashedName, content }, toDir) {
  const file = join(toDir, hashedName)
  const copies = compressible.has(extname(hashedName)) ? Object.entries(compressors) : []
  await Promise.all([
    writeFile(file, content),
    ...copies.map(async ([suffix, compress]) => writeFile(`${file}.${suffix}`, await compress(content)))
  ])
}
