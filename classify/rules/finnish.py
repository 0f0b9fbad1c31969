"""Finnish phrases. Contains abusive words."""

import re

from classify.rules.notation import Language, Rule, any_of

_CLASSES = {
    "KILL1": "tapan tapamme tapetaan ammun ammumme ammutaan hirtän hirtämme hirtetään murhaan murhaamme"
        " murhataan lahtaan lahdataan teurastan"
    " teurastetaan teloitan teloitetaan kuristan kuristetaan puukotan puukotetaan raiskaan raiskataan listin"
    " listitään nirhaan nirhataan poltan poltetaan"
    " räjäytän räjäytetään hakkaan hakataan pieksen piestään mukiloin mukiloidaan nitistän nitistetään hukutan"
    " hukutetaan lynkkaan lynkataan kivitetään"
    " silvon silvotaan tapetahan ammutahan hirtetähän tapettaa",
    "KILLINF": "tappaa ampua hirttää murhata lahdata teurastaa teloittaa kuristaa puukottaa raiskata listiä"
        " nirhata polttaa räjäyttää hakata piestä mukiloida"
    " nitistää hukuttaa lynkata kivittää tapattaa upottaa likvidoida eliminoida tappamaan ampumaan hirttämään",
    "KILLMA": "tappamaan ampumaan hirttämään murhaamaan lahtaamaan teurastamaan puukottamaan raiskaamaan"
        " polttamaan hakkaamaan kuristamaan pieksämään nirhaamaan",
    "KILLCOND": "tappais tappaisi ampuis ampuisi hirttäis hirttäisi murhais murhaisi raiskaisi raiskais"
        " puukottaisi puukottais polttaisi polttais hakkais hakkaisi"
    " tappas ampus lahtais lahtaisi listisi lynkkaisi kuristaisi",
    "KILLPRES": "tappaa ampuu hirttää murhaa raiskaa puukottaa polttaa hakkaa kuristaa lynkkaa lahtaa",
    "KILLIMP": "tappakaa ampukaa hirttäkää lynkatkaa murhatkaa polttakaa raiskatkaa lahdatkaa teloittakaa"
        " hakatkaa puukottakaa hukuttakaa",
    "KILLPP": "tapettava ammuttava hirtettävä teloitettava lahdattava raiskattava poltettava hakattava"
        " lynkattava murhattava kivitettävä teurastettava",
    "YOUACC": "sut sinut sinuu sinua sua sinnuu siut teidät teijät teitä",
    "PERSACC": "WHOMACC NAME",
    "WHOMACC": "sut sinut sinua sua sinuu siut teidät teijät teitä hänet häntä heidät heitä",
    "PLAINKILL": "tapan tapamme tapetaan hirtän hirtämme hirtetään murhaan murhaamme murhataan lahtaan lahdataan"
        " teurastan teurastetaan teloitan teloitetaan kuristan kuristetaan puukotan puukotetaan raiskaan raiskataan listin"
        " listitään nirhaan nirhataan pieksen piestään mukiloin mukiloidaan nitistän nitistetään lynkkaan lynkataan"
        " kivitetään silvon silvotaan tapetahan hirtetähän tapettaa",
    "YOUPOSS": "sun sinun teidän teijän siun",
    "PERSON": "ämmän ämmä äijän äijä akan akka huoran huora homon paskan ukon ukko saatanan vitun perkeleen"
        " petturin petturit petturi pettureita poliitikot poliitikon"
    " päättäjät ministerin ministeri maanpetturit maanpetturi jätkän mulkun mulkku kusipään kusipää sian siat"
    " pelleen neekerin ryssän",
    "THAT": "ton tuon sen noi nuo ne tollaset tuollaiset tommoset tommonen tollanen tuollainen tommosen"
        " semmoset semmonen",
    "FUTURE": "aion aiomme tulen tulemme tuun tullaan haluan haluun haluisin haluaisin meinaan voisin vannon lupaan",
    "MUST": "pitäisi pitäis pitäs pitäsi pitää täytyy kuuluisi kuuluis kuuluu sietäis sietäisi joutais joutaisi"
        " joutaa pitääs tarttis",
    "KIN": "lapset lapses lapsesi lastesi lapsiasi perhe perhees perheesi vaimo vaimosi vaimos tytär tyttäresi"
        " tyttäres poikasi poikas äitis äitisi muksut kakarat koiras koirasi",
    "HOME": "talo talos talosi talonne koti kotis kotisi kotinne mökki mökkis mökkisi autos autosi auto kämppä"
        " kämppäs",
    "GROUP": "muslimit muslimeja juutalaiset juutalaisia romanit romaneja mustalaiset mustalaisia manneja"
        " mannet somalit somaleja neekerit neekereitä mamut mamuja"
    " matut matuja pakolaiset pakolaisia turvapaikanhakijat homot homoja lesbot transut arabit arabeja ryssät"
    " ryssiä maahanmuuttajat maahanmuuttajia hinttejä hintit"
    " ählämit rättipäät mutakuonot afgaanit irakilaiset vammaiset saamelaiset ruotsinkieliset hurrit virolaiset"
    " svekomaanit islamistit mutiaiset",
    "VERMIN": "loisia loinen saastaa saasta torakoita torakka rottia rotta eläimiä elukoita apinoita syöpä"
        " syöpäläisiä roskaa roskasakkia kuonaa rutto luteita jätettä"
    " täitä kirppuja barbaareja viruksia sikoja",
    "SLUR": "neekeri neekerit neekerin neekeriä mutakuono mutakuonot rättipää rättipäät ryssä ryssät hintti"
        " hintit hinttari hinttarit ählämi ählämit mutiainen mutiaiset"
    " matu matut mustalainen mustalaiset manne juutalainen jutku jutkut homo homot",
    "STREET": "*katu *tie *kuja *polku *kaari *raitti *kadulla *tiellä *kujalla *kadun *rinne *ranta *kuja",
    "HEAD": "kalloon kalloos kalloosi otsaan otsaas otsaasi päähän päähäs päähäsi niskaan niskaas niskaasi"
        " polveen polviin selkään takaraivoon silmien vatsaan",
}  # fmt: skip

_RULES = (
    # direct
    Rule(("threat",), "critical", "KILL1 <2> PERSACC"),
    Rule(("threat",), "critical", "WHOMACC <3> KILL1"),
    Rule(("threat",), "critical", "NAME <3> PLAINKILL"),
    # Next to a name, as bonfires are lit and forests cut after a speech of hers.
    Rule(("threat",), "critical", "NAME <1-,|ja|kun> KILL1"),
    Rule(("threat",), "critical", "KILL1 <1> THAT <1> PERSON", hunting=True),
    Rule(("threat",), "critical", "THAT <1> PERSON <2> KILL1", hunting=True),
    Rule(("threat",), "critical", "KILL1 YOUPOSS? KIN"),
    Rule(("threat",), "critical", "KILL1 YOUPOSS HOME"),
    Rule(("threat",), "critical", "FUTURE <2> KILLINF|KILLMA <2> PERSACC|KIN"),
    Rule(("threat",), "critical", "FUTURE <2> PERSACC <2> KILLINF|KILLMA"),
    Rule(("threat",), "critical", "PERSACC <2> FUTURE <2> KILLINF|KILLMA"),
    Rule(("threat",), "critical", "FUTURE <2> KILLINF|KILLMA YOUPOSS KIN|HOME"),
    Rule(("threat",), "critical", "tuun|tulen|tulemme|tullaan <2>"
        " tappamaan|murhaamaan|lahtaamaan|raiskaamaan|puukottamaan|hirttämään|kuristamaan|pieksämään|nirhaamaan <2>"),
    Rule(("threat",), "critical", "tuun|tulen|tulemme|tullaan <2> KILLMA <2>"
        " PERSACC|KIN|THAT|PERSON|jonkun|kaikki|talos|talosi|talonne|kotis|kotisi|kotinne|mökkis|mökkisi|autos|autosi"
        "|kunnantalo*|kaupungintalo*|virastotalo*|moskeija*|vastaanottokesk*"),
    Rule(("threat",), "critical", "tuun|tulen|tulemme|tullaan <3> ja? KILL1 <2> YOUACC|KIN"),
    Rule(("threat",), "critical", "leikkaan|viillän|katkaisen|katkasen|väännän <1> YOUPOSS|NAME?"
        " kurkun|kurkkusi|kurkkus|kaulan|kaulasi|kaulas|niskat|niskasi|niskas"),
    Rule(("threat",), "critical", "vedän|vedetään|ammun|ammutaan|lyön|lyödään|isken|isketään <2>"
        " luodin|kuulan|puukon|kirveen|veitsen <2>"),
    Rule(("threat",), "critical", "sä|sinä|te|sää|sie kuolet|kuolette"),
    Rule(("threat",), "critical", "kuolet|kuolette vielä|viel|pian|kohta|tänään|huomenna|saatana|perkele|vittu"),
    Rule(("threat",), "critical", "ajan <2> YOUPOSS <1> yli"),
    Rule(("threat",), "critical", "ajan <2> NAME yli"),
    Rule(("threat",), "critical", "ajan|ajetaan sut|sinut|teidät <2> yli|alle"),
    Rule(("threat",), "critical", "KILL1 <1> koko|kaikki <1>"
        " pesueen|perheen|suvun|porukan|sakin|konkkaronkan|lautakunnan|valtuuston|hallituksen|teidät|ne"),
    Rule(("threat",), "critical", "poltetaan|räjäytetään|poltan|räjäytän <3>"
        " vastaanottokeskus|vastaanottokeskuksen|moskeija|moskeijan|kunnantalo|kunnantalon|kaupungintalo"
         "|kaupungintalon|virastotalo|talos|talosi|kotis|kotisi|talonne"),
    Rule(("threat",), "critical", "kunnantalo|kaupungintalo|virastotalo|valtuustosali|vastaanottokeskus"
        "|moskeija räjähtää|palaa|palamaan"),
    # calls
    Rule(("threat",), "critical", "KILLIMP <1> PERSACC|THAT|NAME|PERSON|kaikki", hunting=True),
    Rule(("threat",), "critical", "joku|jonkun MUST|vois|voisi|saisi|sais|kävis|kävisi <2> KILLINF|KILLMA <2>"
        " PERSACC|THAT|PERSON", hunting=True),
    Rule(("threat",), "critical", "joku|jonkun MUST|vois|voisi|saisi|sais|kävis|kävisi <2> PERSACC|PERSON <2>"
        " KILLINF|KILLMA", hunting=True),
    Rule(("threat",), "critical", "PERSACC <2> vois|voisi|saisi joku <2> KILLINF"),
    Rule(("threat",), "critical", "joku <2> KILLCOND <2> PERSACC|THAT|PERSON", hunting=True),
    Rule(("threat",), "critical", "PERSACC|PERSON|te|tommoset|tollaset|tuollaiset <3> MUST <2>"
        " KILLINF", hunting=True),
    Rule(("threat",), "critical", "tuo|toi <1> MUST <2>"
        " tappaa|ampua|hirttää|murhata|teloittaa|kuristaa|puukottaa|raiskata|lynkata|tappamaan", hunting=True),
    Rule(("threat",), "critical", "MUST <2> KILLINF <2> PERSACC|PERSON", hunting=True),
    Rule(("threat",), "critical", "PERSACC|NAME|PERSON|te|sä|sinä <2> on|oot|olet|olette <2> KILLPP", hunting=True),
    Rule(("threat", "hate"), "critical", "KILLIMP|tapetaan|poltetaan|ammutaan|hirtetään <2> GROUP|SLUR"),
    Rule(("threat", "hate"), "critical", "GROUP|SLUR <3> MUST <2> KILLINF"),
    Rule(("threat", "hate"), "critical", "GROUP|SLUR uuniin|uuneihin|kaasukammioon|kaasukammioihin|hirteen|seinää"),
    Rule(("threat",), "critical", "NAME|te|kaikki|PERSON|sut|sinut|joutais|joutaa|ansaitsee"
        " hirteen|seinää|kuopan <1> reunalle|vasten?"),
    Rule(("threat",), "critical", "hirteen <1> NAME|kaikki|PERSON|koko|te|joka"),
    # wishes
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa|toivoisin <3> kuolet|kuolette|kuolisit|kuolisitte|kuolla"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa|toivoisin <3> NAME|hän|se|toi|tuo|ämmä|akka|äijä <3>"
        " kuolee|kuolisi|kuolis|hukkuu|raiskataan|murhataan|tapetaan|ammutaan"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa|toivoisin <3> joku <2> KILLPRES|KILLCOND <2>"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa|toivoisin <4>"
        " raiskataan|tapetaan|ammutaan|murhataan|puukotetaan|hakataan"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa <4>"
        " syövän|syöpään|syöpä|aidsin|aivoinfarktin|sydänkohtauksen|halvauksen"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa <4>"
        " sairastut|hukut|sairastutte|mätänet|kärsit|hukutte"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa <4> palaa|palat|palatte <2>"
        " helvetissä|helvettiin|elävältä|roviolla|tuhkaksi|poroksi|hengiltä|saatana*|perkele*|vittu*"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa <4> jäät|jäätte <3> alle"),
    Rule(("threat",), "high", "toivottavasti|toivon|kunpa <4> jää <2> auton|rekan|junan|bussin|raitiovaunun|ratikan|metron alle"),
    Rule(("threat",), "high", "kuole|kuolkaa"
        " pois|saatana*|vittu|vitun|perkele*|huora|paska*|jo|petturi*|hitaasti|sika|siat|nyt|ämmä|akka|kaikki"
        "|homo|neekeri|läski"),
    Rule(("threat",), "high", "NAME|voisitko|voisit|vois|voisi|sais|saisi|voit kuole|kuolla <1>"),
    Rule(("threat",), "high", "tapa|hirtä|ammu ittes|itses|itsesi|ittesi|ittesti"),
    Rule(("threat",), "high", "tapa|tappaisit|tappasit ittesi|itsesi|ittes|itses"),
    Rule(("threat",), "high", "vedä|mene|tee ittes|itses|itsesi <1> narun|hirteen|köyden|kiikkuun"),
    Rule(("threat",), "high", "ansaitset|ansaitsee|ansaitsette|ansaitsevat <2>"
        " kuolla|kuoleman|luodin|kuulan|hirttotuomion|köyden|hirren|niskalaukauksen"),
    Rule(("threat",), "high", "MUST|joutais|sais|saisi|ansaitsee <2> hirteen|seinää|saunan|ampua|hirttää <1>"
        " taakse|vasten|NAME"),
    # veiled
    Rule(("threat",), "high", "tiedän|tiedämme|tiedetään|tiiän|tiietään|tiiän|tiedetähän|tiiämmä|tiijän|tiiämä"
        " <3> missä|mis|mihin|millä <3> asut|asutte|asuu|lapset|lapses|lapsesi|koulua|koulus|liikut|käyt"),
    Rule(("threat",), "high", "päiväsi|päiväs|päivänne|päivät|tuntisi <2> luetut|laskettu|luettu"),
    Rule(("threat",), "high", "olet|oot|ootte|olette kuollut|vainaa|kuolleita|kuollu|mennyttä|vainaja <1>"),
    Rule(("threat",), "high", "luoti|luodin|kuula|kuulan|lyijyä|panos|nappi|napin|kirves|kirveen|puukko|puukon HEAD"),
    Rule(("threat",), "high", "niskalaukaus|niskalaukauksen <2> NAME|sulle|sinulle|teille|kaikille|tuolle|tolle"),
    Rule(("threat",), "high", "köysi|köyttä|köyden|naru|narua|narun kaulaan|kaulaas|kaulaasi|kaulan|odottaa <2>"),
    Rule(("threat",), "high", "varo|varokaa|katso|kato|katsele"
        " selkääsi|selkääs|selkäänne|taaksesi|taakses|taaksenne"),
    Rule(("threat",), "high", "et|ette selviä|pääse|näe <2> hengissä|elossa|elävänä|ensi|huomista", negated=True),
    # doxxing
    Rule(("doxxing",), "high", "kenellä|kellä|onko|tietääkö|kuka|tiiäks <3> NAME|sen|ton|tuon|hänen <2>"
        " osoite|osoitteen|kotiosoite|kotiosoitteen|numero|numeron|puhelinnumero|kännykkä|kännykkänumero"),
    Rule(("doxxing",), "high", "tietääkö|tietääks|kuka|tiiäks|kellä <3> missä|mis <1> NAME|se|toi|tuo|hän <2> asuu"),
    Rule(("doxxing",), "high", "missä|mis NAME|se|toi|tuo|hän <2> asuu <3>"),
    Rule(("doxxing",), "high", "NAME|hän|se|ämmä|akka|äijä asuu <3> STREET|NAME NUM"),
    Rule(("doxxing",), "high", "NAME kotiosoite|kotinumero|henkilötunnus|hetu <2> NAME|STREET|NUM|on"),
    # pressure
    Rule(("influence",), "high", "julkaisen|julkasen|vuodan|levitän|paljastan <3>"
        " kuvat|viestit|viestisi|videon|kuvasi|kuvas|viestis|valokuvat"),
    Rule(("influence",), "high", "lähetän <3> viestisi|kuvasi|kuvas|viestis"),
    Rule(("influence",), "high", "lähetän YOUPOSS <1> kuvat|viestit|videon|valokuvat"),
    Rule(("influence",), "high", "lähetän <3> kuvat|viestit|videon|valokuvat <3>"
        " vaimolle*|miehelle*|pomolle*|lehteen|lehdistöön|lehdille|nettiin|ellet|ellette"),
    Rule(("influence",), "high", "lähetän <3> kuvat|viestit|videon|valokuvat <3> jos et|ette", negated=True),
    Rule(("influence",), "high", "muuten|tai|taikka <2> lähetän <3> kuvat|viestit|videon|valokuvat"),
    Rule(("influence",), "high", "tai|muuten|taikka <3> kuvat|viestit|video|videot|viestisi|kuvasi <4>"
        " vaimolle|vaimollesi|vaimolles|miehelle|miehellesi|lehteen|lehdistöön|nettiin|julki|leviää|vuotaa"),
    Rule(("influence",), "high", "saat|saatte <4> euroa|tonnin|tonnia|rahaa|kirjekuoren|donaa <4> jos <3>"
        " äänestät|hyväksyt|puollat|päätät|äänestätte|hyväksytte|myönnät"),
    Rule(("influence",), "high", "maksan|maksamme|annan <4> euroa|tonnin|tonnia|rahaa|kirjekuoren <4> jos <3>"
        " äänestät|hyväksyt|puollat|päätät|äänestätte|myönnät"),
    # sexual, hate
    Rule(("sexual",), "high", "nain|nussin|panisin|nussisin|naisin|raiskaisin <1>"
        " sut|sua|sinut|sinua|NAME|tota|tuota|ton"),
    Rule(("sexual",), "high", "ime munaa|mun|kyrpää|kullia"),
    Rule(("sexual", "threat"), "high", "PERSACC|KIN|NAME|NAME|te|tytär <3>"
        " raiskataan|raiskattaisi|raiskattais|raiskattava|raiskata"),
    Rule(("hate",), "high", "GROUP|SLUR on|ovat|oo|onkin <2> VERMIN"),
    Rule(("hate",), "high", "GROUP|SLUR ei|eivät <1> ole|oo <1> ihmisiä", negated=True),
    Rule(("hate",), "high", "vitun|saatanan|perkeleen|jumalauta|helvetin SLUR"),
    Rule(("hate",), "high", "GROUP|SLUR <1> pois|ulos|vittuun|takaisin|takas <1>"
        " suomesta|maasta|viidakkoon|aavikolle|afrikkaan|täältä"),
)  # fmt: skip

# What is lawfully burnt, shot, felled or blasted, in the forms of an object: "metsässä" is where somebody may be shot.
_THINGS = (
    r"(?:\w*kok(?:ko|on|ot|koa|koja)|ilotulit\w+|raket(?:ti|in|it|tia|teja)|roskat|roskia|risut|risuja|oksat|oksia|puut|puita"
    r"|pöllejä|halot|halkoja|pusik\w+|pensaat|pensaita|metsän?|metsää|metsät|kallion?|jätteet|jätettä|kulot|pajukot)(?!\w)"
)

RULES = Language(
    code="fi",
    classes=_CLASSES,
    rules=_RULES,
    report=any_of(
        "kirjoitti kirjoittaa kirjoittanut kirjotti kirjotettiin sanoi sanottiin sanonut sano_että uhka* uhkas"
        " uhattu uhattiin uhkasi rikosilmo* poliisi* tuomit* tuomio* syyte syytet* käräj* hovioik*"
        " epäil* viestin_jossa viestissä sähköpost* kirjeessä luki lukee viestejä häirin* vihapuhe* maalitt*"
        " lainaus sitaat* kommentti kommentteja sain_viestin sain_kirjeen tuli_viesti huusi huudettiin väittää väitti"
        " joka_kerta_kun sanotaan puhutaan kutsua kutsutaan haukut* nimitel* pidätet* mukaan"
    ),
    fiction=any_of(
        "kirja* luvussa elokuv* leffa* sarja* sarjassa romaani* jakso* näytel* dekkari* runo* laulu* biisi*"
        " käsikirj* dokkari* dokument* matsi* peli* pelis* maali* joukkue* bossi* bossin finaali* voitto*"
        " kentäl* kenttä* lätkä* jalkapal* fortnit* minecraft* cs gg noob* turnau* lobby* areena* areenassa"
        " kiekko* ottelu* matka_tappaa larp* roolipel* vieraspel* kotipel* playoff* scrim* raidi* awp* 0-0"
    ),
    animals=any_of(
        "hirvi* hirve* metsäst* jahti* jahdi* karhu* susi* sude* sutta susia peura* kettu* jänis* lintu*"
        " kyyhky* fasaani* riista* saali* teeri* metso* supikoir* hanh* hylke* hylje* lokki* lokke* varis"
        " variks* rotta rotat kissa* koira*"
        " hiiri hiiret minkki* kauri* ahma* ilves* villisi* merimets* kala* hauki* hauen lampa* lehm* sonni*"
        " passissa kaatolupa* kiima*"
    ),
    negation=frozenset(
        ["en", "ei", "et", "emme", "ette", "eivät", "älä", "älkää", "älköön", "ikinä", "koskaan", "enkä", "eikä"]
    ),
    spared=frozenset(["vain", "ainoastaan", "pelkästään"]),
    harmless=re.compile(
        r"tappa\w*\s+(?:aika|tylsyy|ilo|tunnelma|luovuu|jano|nälkä|tuppo|into)\w*|tapan\s+aika\w*|(?:ehdotu"
        r"|esity|idea|alas)\w*\s+amm\w+|amm\w+\s+(?:alas|yli|reikiä|ohi)|kuol\w+\s+(?:naur|häpe|tylsyy|nälkä"
        r"|jano|kuumuu|nauruun)\w*"
        r"|naur\w+\s+kuol\w+|tapana(?!\w)|polt\w+\s+(?:tupak|röök|rahaa|kynttil|siltoj|päre)\w*"
        r"|(?:polt|amm|ampu|haka|hakk|räjäy)\w*\s+(?:(?:ne|nuo|tuo|ton|tuon|sen|tämän|kaikki|vain|yksi|vanhat|iso|suuri)\s+){0,2}"
        rf"{_THINGS}|{_THINGS}\s+(?:\w+\s+)?(?:polte|ammut|hakat|räjäyt)\w*"
        r"|palaa\s+(?:\w+\s+)?(?:(?:normaal|takais|aukiol|enti|ennal|kesäk|lähit|etät|käyttö|töi|työ|virka|virkaan|asiaan|kotiin"
        r"|valtuust|polit)\w*|(?!elävältä)\w+[sl]t[aä](?!\w))"
        r"|(?<!\w)(?:\w*kone|tulostin|printteri|puhelin|kännykkä|läppäri|auto|mopo|netti|wifi|ohjelma|sovellus|järjestelmä|laite|esitys|hanke)"
        r"\s+ansaitse\w+\s+kuol\w+"
        r"|toivottavasti\s+kukaan|haka\w+\s+(?:päät|halkoj|puit)\w*"
    ),
)
