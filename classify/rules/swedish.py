"""Swedish phrases. Contains abusive words."""

import re

from classify.rules.notation import Language, Rule, any_of

_CLASSES = {
    "I": "jag vi ja",
    "WILL": "ska skall kommer tänker vill lovar sku ämnar planerar",
    "MUST": "ska skall borde bör måste förtjänar behöver sku skulle",
    "KILL": "döda dödar mörda mördar skjuta skjuter skjut häng hänga hänger avrätta avrättar lyncha lynchar"
        " slakta slaktar strypa"
    " stryper halshugga halshugger knivhugga knivhugger knivskära våldta våldtar gruppvåldta dränka dränker"
    " arkebusera likvidera spetsa"
    " lemlästa poppa poppar knivmörda ihjälslå misshandla steglar avliva avlivar stena stenar elda gasa gasar",
    "TO": "till om med åt hos förbi",
    "OUR": "vår vårt våra min mitt mina",
    "BURN": "bränna bränner bränn elda eldar spränga spränger spräng tutta tända tänder",
    "KILLED": "dödas mördas skjutas skjutits hängas hängs avrättas lynchas slaktas brännas strypas halshuggas"
        " våldtas gruppvåldtas dränkas"
    " misshandlas sprängas arkebuseras avlivas stenas spetsas knivhuggas gasas",
    "KILLEDPP": "skjuten mördad våldtagen gruppvåldtagen överkörd påkörd ihjälslagen knivhuggen nedslagen"
        " misshandlad lynchad dödad hängd knivskuren"
    " sprängd rånmördad halshuggen",
    "YOU": "du ni dig dej er",
    "SUBJ": "han hon dom de NAME jäveln jävlarna svinet svinen kärringen horan subban fittan gubbjäveln aset"
        " packet politikerna såna sådana förrädarna"
    " landsförrädarna politiker kommunalrådet borgmästaren ministern",
    "OBJ": "ONE dom dem",
    "ONE": "dig dej er honom henne NAME jäveln jävlarna svinet svinen kärringen horan subban fittan"
        " aset packet förrädarna horungarna"
        " politikern politikerna borgmästaren kommunalrådet ministern landsförrädarna landsförrädaren",
    "ONESELF": "själv",
    "THEIR": "din ditt dina er ert era hans hennes deras",
    "CLOSE": "familj familjen barn barnen barnbarn fru man unge ungar dotter döttrar son söner mamma pappa mor"
        " hund katt släkt sambo",
    "PLACE": "hus hem villa bil bilen stuga lägenhet kontor gård lokal partilokal skjul hem sommarstuga",
    "KIN": "CLOSE",
    "SUFFER": "dör kolar brinner drunknar ruttnar kvävs förblöder",
    "AIL": "cancer kräfta aids stroke hjärtinfarkt hjärtattack blodpropp leukemi",
    "GROUP": "muslimer muslimerna judar judarna romer romerna zigenare zigenarna somalier somalierna afghaner"
        " afghanerna araber araberna negrer negrerna"
    " blattar blattarna svartskallar svartskallarna invandrare invandrarna flyktingar flyktingarna bögar"
    " bögarna homosexuella transpersoner transor"
    " kvinnor finnar finnarna ryssar ryssarna samer samerna asylsökande syrier irakier islamister afrikaner"
    " utlänningar",
    "VERMIN": "råttor ohyra parasiter kackerlackor djur cancer cancersvulst svulst pest avskum apor insekter"
        " skadedjur undermänniskor löss bakterier"
    " kräk sopor odjur virus parasit",
    "SLUR": "neger negrer negern svartskalle svartskallar blatte blattar blattejävel negerjävel judejävel"
        " judesvin zigenarjävel bögjävel muslimjävel"
    " muslimjävlar judejävlar arabjävel arabjävlar apejävel ökenapa ökenråtta",
    "STREET": "*gatan *vägen *gränd *gränden *stigen *allén *backen *torget",
}  # fmt: skip

_T = ("threat",)
_RULES = (
    # direct
    Rule(("threat",), "critical", "I WILL att? <2> KILL <2-TO> OBJ"),
    Rule(("threat",), "critical", "WILL I att? <2> KILL <2-TO> OBJ", inverted=True),
    Rule(("threat",), "critical", "KILL I <1> ONE", inverted=True),
    Rule(("threat",), "critical", "döda|dödar|mördar|skjuter|avrättar|lynchar|stryper|våldtar I <1> dem|dom", inverted=True),
    # What is hung or slaughtered is mostly pictures and lambs.
    Rule(("threat",), "critical", "hänger|slaktar I <1> dem|dom <2> lyktstolp*|galg*|svin|djur|hundar|jävlar*", inverted=True),
    Rule(("threat",), "critical", "I|WILL <2> KILL THEIR <1> CLOSE"),
    Rule(("threat",), "critical", "I WILL att? <2> BURN <1-TO|vid> upp|ner|ned|på|eld|inne? <1-TO|vid> THEIR|NAME|er|dig"),
    Rule(("threat",), "critical", "I WILL att? <2> BURN <1> THEIR <1> PLACE"),
    Rule(("threat",), "critical", "I WILL att? <2> slå|ha|köra|sparka ihjäl OBJ"),
    Rule(("threat",), "critical", "I WILL att? <2> slå|ha|köra|sparka OBJ ihjäl"),
    Rule(("threat",), "critical", "slår|har|kör|sparkar I OBJ ihjäl", inverted=True),
    Rule(("threat",), "critical", "slår|har|kör|sparkar I ihjäl OBJ", inverted=True),
    Rule(("threat",), "critical", "I WILL att? <2> ta livet av OBJ"),
    Rule(("threat",), "critical", "I WILL <2> skära|skär <2> halsen|strupen"),
    Rule(("threat",), "critical", "skär I <2> halsen|strupen", inverted=True),
    Rule(("threat",), "critical", "I WILL <2> köra|kör över OBJ"),
    Rule(("threat",), "critical", "I WILL <3> kniv|kniven|yxan|yxa|kula|skott i THEIR|OBJ"),
    Rule(("threat",), "critical", "du|ni ska|skall|sku|kommer|måste att? <2-låta> dö|KILLED"),
    Rule(("threat",), "critical", "ska|skall|kommer|sku du|ni att? <2-låta> dö|KILLED", inverted=True),
    Rule(("threat",), "critical", "du|ni dör|dö idag|ikväll|imorgon|imon|snart|nu|inatt"),
    Rule(("threat",), "critical", "I dödar|mördar|skjuter|slaktar|lynchar|hänger|stryper|våldtar <1>"
        " dig|dej|er|henne|honom|NAME"),
    Rule(("threat",), "critical", "I slår|har|kör|sparkar <1> ihjäl OBJ"),
    Rule(("threat",), "critical", "I slår|har|kör|sparkar OBJ ihjäl"),
    Rule(("threat",), "critical", "I WILL <2> BURN <2> ner|ned|upp|på|eld <3>"
        " moskén|förläggningen|asylboendet|kommunhuset|stadshuset|rådhuset|partikontoret"),
    Rule(("threat",), "critical", "bränn|bränner|spräng|tutta|tänd <2>"
        " moskén|förläggningen|asylboendet|kommunhuset|stadshuset|rådhuset|partikontoret"),
    Rule(("threat",), "critical", "döda honom|henne|NAME nån|någon|nu|snart|bara|innan|med"),
    # calls
    Rule(("threat",), "critical", "nån|någon|nåt|vi|man borde|måste|skulle|kan|får|bör|sku <2> KILL <2-TO>"
        " OBJ", hunting=True),
    Rule(("threat",), "critical", "borde|måste|skulle|kan|bör nån|någon|ingen|vi|man <2> KILL <2-TO>"
        " OBJ", negated=True, hunting=True),
    Rule(("threat",), "critical", "skjut|häng|mörda|lyncha|avrätta|halshugg|stryp|våldta|slakta upp?"
        " honom|henne|NAME|er|jäveln|jävlarna|kärringen|horan"
         "|fittan|svinet|svinen|förrädarna|packet|landsförrädarna|politikerna"),
    Rule(("threat",), "critical", "skjut|häng|döda|mörda|lyncha|avrätta|stryp|slakta|bränn dom|dem", hunting=True),
    Rule(("threat",), "critical", "skjut|häng|döda|mörda|lyncha|avrätta|slakta|bränn hela"
        " högen|bunten|packet|gänget|släkten|partiet|nämnden"),
    Rule(("threat",), "critical", "skjut|häng|döda|mörda|lyncha|bränn|slakta den|det|de|alla|varenda <1>"
        " jäveln|jävlarna|jävel|kärringen|horan|politiker"
         "|politikerna|förrädare|förrädarna|jävla"),
    Rule(("threat", "hate"), "critical", "skjut|häng|döda|mörda|lyncha|avrätta|slakta|bränn|gasa|dränk|spräng"
        " alla|varenda|de|dom <1> GROUP|SLUR"),
    Rule(("threat", "hate"), "critical", "GROUP|SLUR MUST <2> dö|KILLED|utrotas|gasas"),
    # wishes
    Rule(("threat",), "high", "SUBJ|YOU MUST att? <2> KILLED", hunting=True),
    Rule(("threat",), "high", "MUST SUBJ|YOU <2> KILLED", hunting=True, inverted=True),
    Rule(("threat",), "high", "SUBJ|YOU ska|skall|borde|bör|måste|förtjänar|sku att? <1> dö"),
    Rule(("threat",), "high", "SUBJ|YOU|THEIR MUST <3> KILLEDPP"),
    Rule(("threat",), "high", "SUBJ|YOU <1> MUST <3>"
        " halshuggas|nackskott|galgen|giljotin|giljotinen|lyktstolpe|lyktstolpen|avlivas|döden"),
    Rule(("threat",), "high", "SUBJ|YOU MUST <2> slås|sparkas|köras|klubbas ihjäl"),
    Rule(("threat",), "high", "SUBJ|YOU|NAME MUST <2> en? kula|kulan|nackskott|skott"),
    Rule(("threat",), "high", "hoppas|önskar|måtte <3> SUBJ|YOU|THEIR|NAME <3>"
        " SUFFER|KILLEDPP|dödas|mördas|våldtas|skjuts"),
    Rule(("threat",), "high", "hoppas|önskar|måtte <3> nån|någon|de|dom <3> KILL|slår|skär|kör <1> OBJ|THEIR"),
    Rule(("threat",), "high", "hoppas|önskar|måtte|förtjänar <3> får <2> AIL"),
    Rule(("threat",), "high", "hoppas|önskar <3> YOU|SUBJ|THEIR <4> får <2> AIL|stryk|kula"),
    Rule(("threat",), "high", "dö din|ditt|era|jävla|äckliga|fitta|hora|svin|långsamt|förrädare"),
    Rule(("threat",), "high", "gå|kan|snälla och|o|å|du|ni|bara dö"),
    Rule(("threat",), "high", "häng|skjut|dränk upp? dig|dej|er ONESELF?"),
    Rule(("threat",), "high", "döda dig|dej|er själv|själva"),
    Rule(("threat",), "high", "ta livet av dig|dej|er"),
    Rule(("threat",), "high", "ingen skulle|kommer|lär <1> sakna dig|dej|er"),
    # veiled
    Rule(("threat",), "high", "I vet <3> var|vart|vilket|vilken <3-OUR> YOU|NAME|THEIR|SUBJ|CLOSE <3>"
        " bor|jobbar|parkerar|sover|hämtar|lämnar|går"),
    Rule(("threat",), "high", "vet I <3> var|vart|vilket|vilken <2> YOU|NAME|SUBJ|THEIR <3>"
        " bor|jobbar|sover|hämtar", inverted=True),
    Rule(("threat",), "high", "I vet <2> vilken|var|vart <2> skola|förskola|dagis|buss <4> THEIR|YOU|SUBJ"),
    Rule(("threat",), "high", "din|dina|era|hans|hennes|deras dagar|timmar|dar är räknade"),
    Rule(("threat",), "high", "räkna dina|era dagar|timmar|dar"),
    Rule(("threat",), "high", "du|ni är|e redan? döda|död"),
    Rule(("threat",), "high", "du|ni är|e en? död man|kvinna|jävel"),
    Rule(("threat",), "high", "kula|kulan|skott|bly i|genom pannan|nacken|skallen|huvudet|huvet|knät|magen|bröstet"),
    Rule(("threat",), "high", "en|ett|få|ge kniv|yxa|spade|slagträ i|mellan|över"
        " magen|halsen|skallen|huvudet|huvet|bröstet|revbenen|nacken"),
    Rule(("threat",), "high", "rep|repet|snara|snaran runt|om halsen|nacken|THEIR"),
    Rule(("threat",), "high", "upp i <2> lyktstolpe|lyktstolpen|galgen|galge"),
    Rule(("threat",), "high", "passa|akta|vakta dig|dej|er jävligt|noga|väldigt|jävlit <1>"
        " noga|annars|politiker|när|för?"),
    Rule(("threat",), "high", "du|ni kommer <1> inte <2> levande|leva", negated=True),
    Rule(("threat",), "high", "blir|är|var <1> sista <1> du|ni ser|gör|hör"),
    Rule(("threat",), "high", "sista du|ni ser|gör|hör"),
    Rule(("threat",), "high", "sista gången du|ni ser"),
    # doxxing
    Rule(("doxxing",), "high", "nån|någon|vem <4>"
        " adress|adressen|hemadress|hemadressen|privatnummer|privatnumret|bostadsadress till|på|hos"
        " NAME|henne|honom|hon|han|aset|jäveln"),
    Rule(("doxxing",), "high", "nån|någon|vem <3> vet <2> var|vart NAME|hon|han|den <3> bor"),
    Rule(("doxxing",), "high", "NAME|hon|han|politikern|kärringen|jäveln bor <3> STREET|NAME NUM"),
    Rule(("doxxing",), "high", "NAME|hennes|hans|privata|hemliga"
        " hemadress|privatadress|privatnummer|personnummer <2> är <3> NUM|NAME|STREET"),
    # pressure
    Rule(("influence",), "high", "annars publicerar|läcker|lägger|skickar|sprider|visar|släpper I <5>"
        " bild|bilder|bilderna|filmen|film|videon|meddelandena"
         "|meddelanden|chatten|foton|fotona|inspelningen|allt"),
    Rule(("influence",), "high", "annars får|ser <2> fru|man|make|maka|familj|hela|alla|pressen|tidningen <3>"
        " bilderna|filmen|meddelandena|chatten|videon"),
    Rule(("influence",), "high", "annars|så <3> bilderna|filmen|videon|meddelandena|chatten|inspelningen <3>"
        " ut|hamnar|publiceras|pressen|tidningen|facebook|frun|maken"),
    Rule(("influence",), "high", "du|ni får <4> tusen|kronor|kr|kuvert|procent|lax|euro|papp <6> om|för"
        " du|ni|att <4> röstar|godkänner|ser|beviljar|släpper|rösta|godkänna|bevilja"),
    Rule(("influence",), "high", "I betalar|ger|swishar <1> dig|er|dej <4> tusen|kronor|kr|kuvert|lax|euro|papp"
        " <4> om du|ni <3> röstar|godkänner|beviljar|släpper"),
    # sexual, hate
    Rule(("sexual",), "high", "knulla|knullar|påsatt|pulla|våldta dig|dej|henne|sönder|honom|NAME"),
    Rule(("sexual", "threat"), "high", "SUBJ|YOU|NAME MUST <3> våldtas|våldtagen|gruppvåldtas|gruppvåldtagen"),
    Rule(("sexual",), "high", "sug|suga min|på? kuk|kuken"),
    Rule(("hate",), "high", "GROUP är|e <3> VERMIN"),
    Rule(("hate",), "high", "GROUP är|e inte människor", negated=True),
    Rule(("hate",), "high", "jävla|förbannade|äckliga|din|ditt SLUR"),
    Rule(("hate",), "high", "ut|utvisa|deportera|kasta|sparka med? ut? alla|varenda GROUP"),
)  # fmt: skip

RULES = Language(
    code="sv",
    classes=_CLASSES,
    rules=_RULES,
    report=any_of(
        "skrev skriver skrivit stod står_det hotade hotad hotades hotas hotat hotet hoten hotelser hotbrev*"
        " dödshot* mordhot* polisanmäl* anmält åtal*"
        " döms dömdes dömd dömts tingsrätt* hovrätt* rättegång* misstänk* häkta* citat* enligt fick_ett_brev"
        " fick_brev fick_ett_mejl mejl_där meddelande_där sade sa_att sa_han"
        " sa_hon säger_att säga_att kallar kalla_folk kallas kallade skriker påstår sägs tror_att ropade skrek"
        " någon_skrev vittnet vittnen förundersökning* gripen greps"
    ),
    fiction=any_of(
        "bok boken böcker kapitel film* serie serien roman* deckar* avsnitt* pjäs* teater* rollen skådespel*"
        " novell* manus* match* matchen mål målet spel spelet boss* level"
        " lobby* kills final* derby* seger* fifa cs fortnite minecraft gta lag laget hockey* fotboll* tenta*"
        " schack* podd* sims rollspel* lajv* sargen bortaplan slutspel* innebandy*"
        " scrim* awp* heala* 0-0"
    ),
    animals=any_of(
        "varg* älg* vildsvin* björn* räv* rådjur* jakt* jägare* gris* tjur* kalv* ko kor tacka tackor höns"
        " lamm* fågel* sälar säl skarv* hund* katt* mård* hare* harar gås"
        " gäss duvor duva råttan råttorna mus möss fisk* gädda* skata* kråk* lodjur*"
    ),
    negation=frozenset(["inte", "ej", "aldrig", "ingen", "inget", "int", "ente", "icke", "knappast", "varken", "utan"]),
    spared=frozenset(["bara", "enbart", "endast", "sant"]),
    after=frozenset(["inte", "ej", "aldrig"]),
    harmless=re.compile(
        r"häng\w*\s+upp(?!\s+(?:(?:dig|dej|honom|henne)(?!\w)(?!\s+på)|(?:er|ƿ+(?:\s+ƿ+)*)(?=\s*(?:[.,!?]|$|i\s|alla|båda))"
        r"|i\s+(?:\w+\s+){0,2}(?:träd|lyktst|galg)))(?!\w)|skjut\w*\s+upp(?!\w)"
        r"|(?:kör\w*\s+över|eld\w*\s+på)\s+(?:dig|dej|er|honom|henne|dem|dom|ƿ+)(?:\s+ƿ+)*\s+(?:till(?!\s+döds)|i\s+publiken)(?!\w)"
        r"|hur\s+många\s+(?:\w+\s+){1,3}(?:ska|skall|måste|behöver)(?!\w)(?!.{0,40}innan\s+(?:de|dom)(?!\w))"
        r"|(?:skjut|häng)\w*\s+(?:till|med|ut|på|fram|ihop|av|undan|kvar|in|kring|loss|över|läxa)(?!\w)"
        r"|dö[r]?\s+(?:av\s+)?(?:skratt|nyfiken|tristess|lycklig|gam|värm|skam|törst)\w*|död[a]?\s+(?:tid"
        r"|vinkel)|dödar\s+(?:stämning|tid)\w*"
        r"|över\s+min\s+döda\s+kropp|är\s+död(?:a)?\s+(?:för\s+mig|trött)\w*|vet\s+var\s+ni\s+står"
        r"|hoppas\s+(?:att\s+)?ingen"
    ),
)
