// Names and their marks: a letter for a web server, a number for a database node. The colour is only a second sign.

export interface Mark {
  name: string
  index: number
  text: string
  colour: number
}

const colours = 6

/** `web02` is B and `mariadb02` is 2, whichever answered first; names without such a number take what is free. */
export function markMaker(toText: (index: number) => string): (name: string) => Mark {
  const marks = new Map<string, Mark>()
  const isTaken = (index: number) => [...marks.values()].some(mark => mark.index === index)
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
    const mark = { name, index, text: toText(index), colour: index % colours }
    marks.set(name, mark)
    return mark
  }
}

export const letter = (index: number): string => (index < 26 ? String.fromCharCode(65 + index) : '*')
export const number = (index: number): string => String(index + 1)
