// Debian's own static shells, used by keyboard in the element.

/** What both shells do alike. */
async function useShell(driver) {
  await driver.click('umwelt-terminal >>> .place')
  await driver.line('echo one$((1+1))', /^one2$/m)
  // Line editing: a letter is taken out in the middle, and the line before is fetched back.
  await driver.type('echo abXc-')
  for (const key of ['ArrowLeft', 'ArrowLeft', 'Backspace', 'End']) await driver.press(key)
  await driver.line('d', /^abc-d$/m)
  await driver.press('ArrowUp')
  await driver.line('e', /^abc-de$/m)
  await driver.line('sleep 100')
  await driver.shows(/sleep 100/)
  await driver.press('Control+c')
  await driver.line('echo status-$?', /^status-130$/m)
  await driver.line('sleep 200')
  await driver.shows(/sleep 200/)
  await driver.press('Control+z')
  await driver.shows(/Stopped/)
  await driver.line('jobs; echo $((40+2))-jobs', /Stopped\s.*sleep 200(.|\n)*^42-jobs$/m)
  await driver.line('fg')
  await driver.shows(/\bfg\s+sleep 200/)
  await driver.press('Control+c')
  await driver.line('seq 12 | sort -rn | head -n 2 | tr 12 ab', /^ab\naa$/m)
  await driver.line('exit 3')
  await driver.says(/^exit status 3$/)
}

const shell = (name, args) => ({
  name: `site: ${name} in the element`,
  async run(world) {
    const { url } = world.program(name)
    const driver = await world.openHtml(`<umwelt-terminal src="${url}" args="${args}"></umwelt-terminal>`)
    await driver.shows(/[#$]\s*$/)
    await useShell(driver)
  },
})

export const cases = [shell('busybox-static', 'sh'), shell('bash-static', '--norc')]
