"""What words are about, in both languages at once: killing, weapons, home, family, knowing, wishing, reporting ...

Concepts let the linear model carry over what it learned from one word, inflection or language to another, and the patterns be
written in terms of meaning. ``word*`` stands for every word that begins so. One word may have several concepts. They are hints
about topics, not judgements: most posts with a weapon in them are about hunting. Contains abusive words.
"""

import re
from functools import lru_cache

from classify.masking import NAME

CONCEPTS: dict[str, str] = {
    # acts of violence
    "kill": "döda dödar dödas dödat mörda* mördas lönnmörd* avrätta* avliva* lynch* slakta* ihjäl halshugg*"
        " strypa* stryper styck* dräp*"
    " eliminera* likvidera* ta-kål tapa* tappa* tappaa tapet* tapan murha* teloit* lahda* lahta* teurast*"
    " listi* nirha* lynka* lynkka* kurist*"
    " nitist* tapatta* henkilt* hengiltä",
    "shoot": "skjut skjuta skjuter skjutas skjuts skjutit skjuten skjutna arkebuser* nackskott* poppa* ammu*"
        " ampu* ampua laukai* lauko* niskalauka*"
    " räiski*",
    "hang": "häng hänga hänger hängas hängs hängda galge* snara* snaran rep repet lyktstolp* giljotin* hirt*"
        " hirte* köysi köyden köyttä köydes* köyteen"
    " lyhtypyl* lyhtytol* giljotii* hirsipuu* nürnberg* narun narusta",
    "burn": "bränn* bränna* brinn* eld elden tänd tänder tutta bensin* dunk dunken brand* brasa* låga* lågor"
        " aska askan molotov* polt* pala palaa"
    " palamaan tulta tuleen bensa* bensaa tikku tikun tulitik* roihu* liek* tuhka* sytty* sytyt* kärventy* kärähtä*",
    "hit": "slå slår slåss stryk spöa* misshandl* banka* klappa* käften sparka* knäck* krossa* mosa* hugg hugga"
        " hugger knivhugg* sticka* köra-över"
    " hakka* hakat* lyö lyön lyödä lyömään lyödään lyöt turpaan turpiin mukilo* piekse* piestä* potki* puukot*"
    " murska* katko* katkais* pätkään selkään",
    "blast": "bomb* spräng* detoner* explod* smäll* handgranat* dynamit* pommi* räjähd* räjäht* räjäyt*"
        " kranaat* panos panoks*",
    "rape": "våldt* våldtag* gruppvåldt* raiska*",
    "die": "dö dör dött död döden döda dödsannons* dödas kuol* kuole* dödsfall* omkom* menehty* hengestä henki"
        " henkensä delaa* delannut",
    "grave": "grav graven gravar grävd* gräv* kista* kistan begrav* likvagn* lik liket kyrkogård* dödsruna"
        " minnesstund krans likpås* hauta* haudas* haudan"
    " arkku* ruumi* vainaa vainaja* kalma* multa mullan multiin hautajai* suru* muistosan* krematori*",
    "weapon": "bössa* bössan gevär* pistol* kniv* kniven yxa* yxan kula kulan kulor skott skottet vapen vapnet"
        " patron* ammunition* slagträ* machete* studsare*"
    " hagel* ase asee* aset aseen kivääri* hirvikivääri* haulik* pyssy* puukko* puuko* kirve* luoti* luodi*"
    " kuula* patruuna* veitsi veitse* tikka"
    " pesäpallomail* pamppu* emojiknife emojiaxe emojigun emojibomb emojibang emojitarget emojirope sikte*"
    " kikarsikt* kiikari* tähtäin* tähtäi*"
    " ladda* laddad* ladattu* öljytty",
    "blood": "blod* blöd* veri verta vereen veren verinen emojiblood emojideath emojigrave",
    "body": "hals halsen nacke* nacken skalle* skallen huvud* huvet pannan panna mage* magen rygg* ryggen"
        " tänder tänderna ben benen knä* fingrar*"
    " kurkku* kurkun kurkkus* niska* kallo* kalloon pää päähän päästä päätä otsa* otsaan selkä* selkää hampaat"
    " hampai* luut luita jalat jalka* polvi* polve*"
    " raaja* kaula* kaulaan",
    "accident": "bromsar* bromsen hjulmuttr* olycka* olyckor halka* snubbla* trapp* trappan försvinn* försvunn*"
        " drunkn* onnettomu* liukas* liukasta* jarru*"
    " kado* katoa* hukku* hukut* eksy* putoa* portai* kolari* auton-alle yliajo*",
    "sick": "cancer* kräfta* aids hiv pest sjukdom* smitta* syöpä* syöpään sairast* tauti* taudin rutto* stroke"
        " infarkt* aivoinfarkt* sydänkohtau*",
    # ways of saying it
    "know": "vet vetat veta tiedä* tietä* tiie* tiiä* tiät tiiät tiedet* tietoo",
    "watch": "såg sett följer följt bevaka* håller-ögonen koll kolla spana* iaktta* filma* näin nähty nähny"
        " näki seura* seuraan tarkkai* vahdi* kyttä* kuvasin"
    " kattelin kattomassa ajelemassa ajelen",
    "warn": "akta passa varning varna* varnad* se-upp försiktig* vaksam* varo varok* varokaa varoit* varova*"
        " kannatta* kannattais* kantsii* suosittelen muistakaa",
    "count": "räknad* räkna räknar nedräkning* tick tack klockan dagar timmar luetut laskettu* laskuri päivä*"
        " päivät tik tak kello* kelloo tunnit",
    "wish": "hoppas önskar måtte drömmer hoppet toivo* toivon toivottavasti kunpa sietä* sietäis* joutai*"
        " jouta* ansait* ansaits* förtjän* välförtjän*"
    " joudat ansaitset",
    "future": "ska skall kommer tänker tänkt snart imorgon imon ikväll inatt aion aiot aiomme aikoo tulen"
        " tulemme tullaan tuun huomenna kohta pian iltana"
    " nästa ensi seuraava*",
    "ought": "borde bör måste skulle sku behöver behöva pitäis* pitäs pitää täyty* kuulu* kuuluis* tarvi* pitäsi",
    "if": "om annars ifall tills såvida ellei muuten jos mikäli ennen kunnes tai eller",
    "you": "du dig dej ni er din ditt dina ert era eran dej sä sää sie sinä sut sinut sinuu sua sinua sun sinun"
        " sulle sinulle sulla te teidät teijät teitä"
    " teijän teidän teille teiltä sinne siun sinnuu itsesi itses ittes",
    "me": "jag vi ja oss mig mej min mitt mina vår vårt våra minä mä mää mie moon me mun minun meidän meijän"
        " meillä mulla minulla meiän",
    "they": "han hon honom henne hen dom dem di de hans hennes deras den-där hän hänet hänen häntä se ne sen"
        " ton toi tuo noi nuo niitä sitä tuota tommonen"
    " tommoset tommosen niiden niitten heidät heitä tollanen tollaset",
    "someone": "nån någon nåt vem någon joku jonkun jotakuta kuka kukaan ingen kenen kellä kenellä",
    "all": "alla varenda allihop samtliga bunten hela rubbet kaikki jokainen jokaista kaikkia koko ikinen"
        " ikistä joka",
    "end": "sista sluta slut slutar avslut viimei* viimese* loppu* lopu* lopetat ohi aldrig koskaan ikinä",
    "not": "inte ej ingen aldrig int ente icke ei en et emme ette eivät älä älkää",
    "pity": "synd trist tråkigt ledsamt olyckligt sääli ikävä ikävää harmi harmillista surullista",
    "sleep": "sov sover sömn natt natten nätter nukku* nuku* nukkukaa yö yöllä yöt unia öisin",
    "alone": "ensam ensamma mörk* mörkret tomt öde skogen avsides yksin yksinään pimeä* pimeetä metsä* mettä*"
        " mettään syrjäi*",
    "routine": "varje morgon morgnar kväll kvällar rutt promenad* jogg* springer cyklar hämtar lämnar parker*"
        " busshållplats aamu* aamulla ilta* iltaisin reitti*"
    " reitin lenkki* lenkil* hakee vie pyöräil* parkki* juoksee",
    "home": "bor bodde hus huset hemma dörr dörren adress* hemadress* gata gatan fönst* villa villan gård"
        " gården sovrum* port porten brevlåd* altan tomten stug* lägenh*"
    " asu* asuu asut asuvat talo* taloa koti* kotii* kodi* ovi oven ovelle osoit* katu kadun ikkun* piha*"
    " pihaan pihalla makuuhuon* mökki* mökin mökil* asunto*"
    " omakoti* ulko-oven sängyn postilaat*",
    "family": "barn barnen dotter* son sonen fru frun frugan make maken sambo* mor mamma pappa familj* unge"
        " ungar ungen barnbarn* dagis förskol* skola skolan"
    " laps* lapsi tytär tyttär* tyttö poika poja* pojan vaimo* vaimon perhe* perheen äiti äitis isä koulu*"
    " päiväkot* päivähoi* hoidosta lapsenlap* muksu* kakara* sisko*",
    "contact": "nummer numret nnumret mobil* mobilnumm* telefon* ring ringa ringer privat* personnumm* hemnumm*"
        " numero* puhelin* kännykkä* kännykän soit* soitetaan"
    " yksityis* henkilötun*",
    "street": "gatan vägen gränd stigen allén *gatan *vägen *gränd *stigen *backen *torget *katu *tie *kuja"
        " *polku *kaari *kadulla *tiellä *kujalla *raitti",
    # frames that make an ugly word lawful
    "report": "skrev skriver skrivit sa sade säger hot hota* hotad* hotelse* hotbrev* polisanmäl* anmäld*"
        " anmält polisen åtala* åtal dömd* döms dömdes domstol*"
    " rättegång* misstänk* citat citera* enligt häkta* fängels* mejl mejlet kommentar* trakasser* näthat*"
    " kirjoit* kirjotti sanoi sano uhka* uhkai* uhkaus*"
    " laitto* rikosilmo* poliisi* tuomit* tuomio* syyt* käräj* epäil* viesti* viestin sähköpost* häirin*"
    " vihapuhe* maalitt*",
    "fiction": "bok boken kapitel film* filmen serie* serien roman* deckar* avsnitt* pjäs* teater* roll rollen"
        " skådespel* dikt novell* manus låt text teatt* kirja* kirjan"
    " luku luvun elokuv* leffa* sarja* sarjan romaani* jakso* näytel* dekkari* runo* laulu* biisi* käsikirj*"
    " dokkari* dokument* podd*",
    "game": "match* matchen mål målet lag laget spel* spelet boss* level lobby* kills final* derby* seger*"
        " tabell* serieledar* hockey* fotboll* fifa cs poäng lagfest"
    " matsi* matsis* peli* pelin pelis* maali* joukku* bossi* finaali* voitto* voiti* voitett* kenttä* kentäl*"
    " lätkä* jalkapal* sarjataul* raid* fortnit* minecraft* respawn*"
    " gg noob* turnau* turner* läktar* katsomo*",
    "hunt": "älg* älgen jakt* jakten vildsvin* jägare* jaga jagar passet varg* vargen rådjur* räv* räven"
        " skjutbana* hare harar björn* gris åtel* hirvi* hirven metsäst* jahti*"
    " jahdi* karhu* susi* sude* suden sutta passi* passis* peura* kettu* jänis* lintu* kyyhky* ampumarad*"
    " fasaani* riista* saali* teeri* metso* supikoir* lupa kaatolup*",
    "past": "historia* 1600-tal* 1700-tal* krig* kriget förr inbördeskrig* historiall* sota* sodan sodas*"
        " sisällissod* vuonna 1918 kapina* vappu* muisto*",
    "legal": "jo överklag* anmäl* anmäla kammarrätt* förvaltningsrätt* jurist* stämning* åklagar* valit*"
        " valitan kantel* kantelen hallinto-oik* oikeuskan* oikeusas* asianajaj*"
    " rikosil*",
    "vote": "rösta röst* val valet väljar* avgå avgång* nästa-val ansvar* motion* namninsaml* demonstr*"
        " manifest* ääne* äänest* vaali* vaalei* ero eroa* eroaa erota aloit*"
    " adressi* mielenosoi* luottamu*",
    # group hostility
    "group": "muslim* islam* invandr* afghan* somal* arab* jud* judar* judarna romer romerna zigen* neger*"
        " negr* svart* blatt* svartskall* bög* bögar* homo* homos* trans*"
    " flykting* asyl* fruntimm* kvinn* kvinnor tjej* utlän* hurri* hurrar finnar* finlandssvensk* samer* same*"
    " lapp* moské* burka* slöj* handikapp* funktionshind* rullstol*"
    " särskol* ryssar* ryss* polack* syrier* irak* thailän* mamu* matu* somali* pakolais* neeker* juutal*"
    " romani* romanit mustalai* manne* ryssä* ryssi* lesb* lesbo* nais*"
    " naiset akat akkoj* vammai* arabi* turvapaik* ulkomaal* maahanmuut* ählä* rättipä* mutakuon* hintti*"
    " hintit* svekomaan* ruotsinkiel* saamelai* lappala* moskeij* huivi*"
    " irakil* afgaan* kehitysvamm* pyörätuol* virolai* venäläi* nuket sateenkaar* pride* regnbåg*",
    "vermin": "råtta* råttor* ohyra* parasit* kackerlack* svulst* cancersvulst* avskum* apa apor aporna djur"
        " djuren virus ogräs* sopor* löss lus loppor insekt* odjur* bönsyrs* smuts*"
    " undermän* lägre-stående avart* rotta* rotat rotan loinen lois* torak* syöpälä* saasta* saastaa elukka*"
    " elukoi* eläim* apin* apinoi* rutto* luteet lude* kirpu* täit täi"
    " hyönt* roska* roskaväk* jäte* tuhoel* alempi* barbaar* simpans*",
    "expel": "utvis* deport* kasta-ut kör-ut hem-till hemländ* tillbaka skicka* rensa* sanera* städa* svets*"
        " bort-från karkot* karkott* palaut* takaisin takas takasin pihalle pois ulos"
    " puhdist* desinfi* siivot* siivoo* rajat häätää laiva* laivaan mereen djungel* viidakk* aavikk* öknen",
    "inferior": "underlägs* mindervärd* lågintellig* outvecklad* lata kriminella våldtäkts* parasiter* spisen"
        " köket köks* biologi* gener lisäänty* alemp* alempiarv* laiskoja varasta* rikolli* hellan"
    " keittiö* väkivaltai* bidrag* lögn* sosiaalit* sossu* paikka* tukien elätt* geenit* luonnotont* onaturlig*"
    " perver* sairaita sjuka",
    # abuse of a person
    "insult": "idiot* hora horan horor svin* svinet kärring* nolla* nollor pucko* äckel* äcklig* ful fula"
        " fulast* fet feta lat late dum dumma dumt dummare dum* efterbliv* cp* mongo*"
    " clown* lögnar* lögnhals* ynklig* patetisk* feg fega korkad* jubelidiot* as asen gris grisen sopa sopor"
    " kräk* skit* skithög* dörrmatt* ryggradslös* tönt* nörd* mes mesar fjant*"
    " pajas* kossa* subba* slampa* hagga* häxa* gubbjäv* parasit* landsförräd* förrädar* quisling* tok toka*"
    " obildad* karaktärslös* pelle* pellen oduglin* tomte tomtar pundhuv* hjärndöd* imbecill*"
    " idioot* huora* paskiai* paska* kusipä* tyhm* vätys* nahjus* ruma* läski* laiska* vaja* vamma* säälit*"
    " surkea* surkimus* pelkuri* tollo* ääliö* mulkku* mulku* ämmä* akka* luuseri* moukka* pölväs*"
    " nolo* idari* törppö* typer* tampio* tonttu* uuno* sika sian possu* petturi* maanpettu* kusettaj*"
    " valehteli* kieroil* aivoton* aivovam* aivokuol* urpo* hölmö* noita haisee haiset runkkari* dorka*"
    " tyhjäpä* selkärangat* pökkelö* kyrpä* hirviö* saastai* ällöt* kuvot* vastenmiel* narsisti* rupsahta* ruipelo*",
    "curse": "fan jävla jävel* jävlar* djävl* helvete* satan* fy skit* helsike* vittu* vitun perkel* saatana*"
        " saatanan helvet* jumalaut* paska* hitto* hemmet* prkl stna hvete vtn",
    "sex": "knull* kuk kuken kukar fitta* fittan bröst* tuttar* tutte* röv* röven rumpa* sug suga suger säng*"
        " naken nakna påsatt* underknull* kåt* kåta ligga bystig* kjol* sexig* porr* porno* onlyfans"
    " runk* orgasm* oral* hångl* trosor* bh behå slicka* naida* nain nais panna panis* pano* panna-sua pano"
    " kyrpä* kyrvä* pillu* pimppi* tissi* tissit perse* alasti* alaston* muna* munaa nussi* suihin suihinot*"
    " imee imis* alusvaat* alushous* hame* hameen seksi* himoit* huorin* nuole* nuolla kiimai* rintoja rinnat"
    " peppu* jalkovälin jalkovä* sänkyyn märkä* penikset runkkaa*",
    "woman": "hon henne hennes tjejen tanten kärring* fru gumman tant kvinnan tyttö* neiti* rouva* nainen"
        " naista naisen muija* mimmi* ämmä* akka* täti* tädin",
    # pressure on an official act
    "money": "peng* pengar kuvert* kronor tusen tusing* euro* muta* gratis betalar betalt* semester* resa resan"
        " fakturan rabatt* tjänst* gentjänst* donation* donera* konto* raha* rahaa kirjekuor* kuori kuoren tonni*"
    " tonnin ilmai* lahjo* lahja* korvau* palkki* maksan maksaa matka* remont* laitur* tili tilille"
    " vastapalvel* kiitollisuu* lahjoitu* hyödy* aktie* sponsr* sponsor* palkkio*",
    "leak": "bild* bilder bilderna foto* fotograf* film* videoklipp* publicer* läck* läcker meddeland*"
        " meddelanden chatt* skärmdump* avslöj* hemlighet* affär* otrohet* kuva* kuvat valokuv* video* julka*"
        " vuoda* vuota*"
    " viestit viestisi salaisuu* paljast* kuvakaap* tallen* suhde* suhteest* pikkujoul* konferens* virkamatk*"
    " hotelli* hotell*",
    "act": "rösta röstar beslut* besluta* drar dra dras bygglov* ärende* detaljplan* nämnd* tillstånd* motion*"
        " omröst* avslå* godkänn* upphandl* återta* bevilj* kontrakt* äänestät äänestä äänes* päät* päätös* peru*"
    " perut lupa lupaa luvan kaava* kaavan lautak* hylk* hyväks* poikkeamis* tarjous* hankin* sopimu* esitys*"
    " esityks* lausun*",
    # everyday
    "thanks": "tack tackar bra fint fin fina snäll* kiva trevlig* härlig* grattis välkom* hälsning* kiitos"
        " kiitän kiitti hyvä hyvin hieno* kaunis ihana* ihanaa tervetul* onnea terveisin ystävälli* mukava*"
    " kahvi* kaffe* fika* pulla* bullar",
    "clock": "kl klo imorgon måndag* tisdag* onsdag* torsdag* fredag* lördag* söndag* maanan* tiista*"
        " keskiviik* torsta* perjant* lauant* sunnun* vecka viikko* viikol* öppet auki",
}  # fmt: skip
NAMES: tuple[str, ...] = tuple(CONCEPTS)
_NUMBERS = {name: number for number, name in enumerate(NAMES)}


def _tables() -> tuple[dict[str, set[int]], dict[str, set[int]], list[tuple[str, int]]]:
    whole: dict[str, set[int]] = {}
    begin: dict[str, set[int]] = {}
    end: list[tuple[str, int]] = []
    for name, listed in CONCEPTS.items():
        for word in listed.split():
            if word.startswith("*"):
                end.append((word[1:], _NUMBERS[name]))
            elif word.endswith("*"):
                begin.setdefault(word[:-1], set()).add(_NUMBERS[name])
            elif "-" not in word:
                whole.setdefault(word, set()).add(_NUMBERS[name])
    return whole, begin, end


_WHOLE, _BEGIN, _END = _tables()
_LONGEST = max(map(len, _BEGIN))


def concepts_of(word: str) -> tuple[int, ...]:
    """The numbers of the concepts of one word in plain lower case, as places in `NAMES`."""
    found = set(_WHOLE.get(word, ()))
    for length in range(2, min(len(word), _LONGEST) + 1):
        found |= _BEGIN.get(word[:length], set())
    for suffix, number in _END:
        if word.endswith(suffix) and len(word) > len(suffix) + 2:
            found.add(number)
    return tuple(sorted(found))


NAME_CONCEPTS = ("a-name", "quoted", "question", "exclaimed", "number")
"""What a word may be beside its meaning: the name of a person or place, in quotation marks, a mark, a number."""
_OFFSET = len(NAMES)
COUNT = _OFFSET + len(NAME_CONCEPTS)
"""How many concepts there are in all."""

WORDS = re.compile(rf"{NAME}+(?:[ -]{NAME}+)*|[^\W\d_]+|[!?]|\d+")
"""The words and marks of a text that `classify.masking.mask` made; the parts of a name are one."""


@lru_cache(maxsize=65536)
def concepts_of_masked(piece: str) -> tuple[int, ...]:
    """The concepts of the words and marks in a piece of a masked text."""
    return tuple(dict.fromkeys(number for word in WORDS.findall(piece) for number in _of_masked(word)))


def _of_masked(word: str) -> tuple[int, ...]:
    first = word[0]
    if first == NAME:
        return (_OFFSET,)
    if first == "?":
        return (_OFFSET + 2,)
    if first == "!":
        return (_OFFSET + 3,)
    if first.isdigit():
        return (_OFFSET + 4,)
    if first.isupper():
        return (_OFFSET + 1,)
    return concepts_of(word)
