// Names and their marks: a letter for a web server, a number for a database node. The colour is only a second sign.

const colours = 6

/** `web02` is B and `mariadb02` is 2, whichever answered first; names without such a number take what is free. */
export function markMaker(toMark) {
  const marks = new Map()
  const isTaken = index => [...marks.values()].some(mark => mark.index === index)
  const firstFree = () => {
    let index = 0
    while (isTaken(index)) index += 1
    return index
  }
  return name => {
    const known = marks.get(name)
    if (known) return known
    const number = Number(/(\d+)$/.exec(name)?.[1] ?? 0)
    const index = number >= 1 && number <= 26 && !isTaken(number - 1) ? number - 1 : firstFree()
    const mark = { name, index, text: toMark(index), colour: index % colours }
    marks.set(name, mark)
    return mark
  }
}

export const letter = index => (index < 26 ? String.fromCharCode(65 + index) : '*')
export const number = index => String(index + 1)
