/** Codes of languages: RFC 5646, as people write and players show them, to ISO 639-2, as descriptors have them. */

/** ISO 639-1, and behind each its ISO 639-2/T. */
const table =
  'aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih bibis bmbam ' +
  'bnben bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe ' +
  'elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj ' +
  'gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl ' +
  'itita iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor ' +
  'kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa ' +
  'mtmlt mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs ' +
  'papan pipli plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk ' +
  'slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl ' +
  'tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid ' +
  'yoyor zazha zhzho zuzul';

const threeLetters = new Map(table.split(' ').map((word) => [word.slice(0, 2), word.slice(2)]));

/** The ISO 639-2 code of a language as in RFC 5646, "deu" for "de" and "de-AT"; "und" for what is none. */
export function iso639Part2(language: string): string {
  const [primary = ''] = language.toLowerCase().split('-');
  if (/^[a-z]{3}$/.test(primary)) return primary;
  return threeLetters.get(primary) ?? 'und';
}
