"""English phrases of threat, in which Swedish and Finnish officials are threatened, too. Contains abusive words.

No model judges English. So here is only what is hardly ever meant otherwise, and none of what takes a sense of the language.
"""

import re

from classify.rules import finnish, swedish
from classify.rules.notation import Language, Rule, any_of

# As spaCy parts them: "i 'm gon na", "do n't". Which rules are possible is told from words without marks: "ll" beside "'ll".
_CLASSES = {
    "I": "i we im",
    "AM": "am are 'm ’m m 're ’re re",
    "WILL": "will 'll ’ll ll gonna gon going coming wanna wan want plan intend ima imma",
    "MUST": "should must needs need ought",
    "KILL": "kill murder shoot stab rape behead strangle lynch slaughter butcher hang execute drown gut",
    "ONE": "you u ya her him NAME",
    "SUBJ": "you u ya she he they NAME",
    "WHOSE": "your ur her his their NAME",
    "CLOSE": "family kids kid children child daughter daughters son sons wife husband mother parents",
    "KILLED": "die killed murdered shot stabbed raped beheaded lynched hanged",
    "BURN": "burn torch bomb blow",
    "PLACE": "house home office car place cabin",
    "LIVE": "live lives sleep sleeps work works park parks",
    "GROUP": "muslims jews arabs blacks refugees immigrants migrants gays gypsies roma somalis finns swedes women",
    "NAMES": "bitch whore traitor traitors cunt scum slut",
}

_RULES = (
    Rule(("threat",), "critical", "I AM? WILL na? to? <3-who|that|if|when|people> KILL ONE"),
    Rule(("threat",), "critical", "I AM? WILL na? to? <3-who|that|if|when|people> KILL WHOSE <1> CLOSE"),
    Rule(("threat",), "critical", "I AM? WILL na? to? <3-who|that|if|when|people> BURN <1> WHOSE <1> PLACE"),
    Rule(("threat",), "critical", "gonna|gon na? BURN <1> WHOSE <1> PLACE"),
    Rule(("threat",), "critical", "I AM? WILL na? to? <3-who|that|if|when|people> cut|slit WHOSE throat"),
    Rule(("threat",), "critical", "someone|somebody|they|we MUST to? <2> KILL ONE"),
    Rule(("threat",), "critical", "someone|somebody will|hopefully <2> KILL ONE"),
    Rule(("threat",), "critical", "SUBJ AM? will|'ll|’ll|ll|gonna|gon|going na? to?"
        " die tonight|tomorrow|soon|slowly|screaming|NAMES"),
    Rule(("threat",), "critical", "put|get|deserve|deserves|with|need|needs a|an bullet|knife|axe in|into|through|between"
        " WHOSE <1> head|skull|face|brain|back|chest|heart|throat|eyes"),
    Rule(("threat",), "critical", "hang|shoot|lynch|kill|execute the|this|these|all <2> NAMES"),
    Rule(("threat", "hate"), "critical", "kill|shoot|gas|hang|burn|exterminate all <2> GROUP"),
    Rule(("threat", "hate"), "critical", "I AM? WILL na? to? <2-who|that|if|when|people> KILL|gas|exterminate all? <2> GROUP"),
    Rule(("threat", "hate"), "critical", "GROUP <2> should|must|deserve to? <2> KILLED|gassed|exterminated"),
    # wishes
    Rule(("threat",), "high", "SUBJ should|must|deserve|deserves <1> to? <2> KILLED", hunting=True),
    Rule(("threat",), "high", "hope|wish|pray <1> SUBJ|someone|somebody get|gets? KILLED|KILL|dies"),
    Rule(("threat",), "high", "hope|wish|pray <1> SUBJ|WHOSE <2> get|gets cancer|raped|shot|killed|aids"),
    Rule(("threat",), "high", "kill|hang|shoot|drown yourself|urself|yourselves"),
    Rule(("threat",), "high", "kill|hang|shoot|drown your self"),
    # veiled
    Rule(("threat",), "high", "I know exactly? where <1-to> SUBJ|WHOSE <1> LIVE"),
    Rule(("threat",), "high", "I know where WHOSE <1> CLOSE <2> live|lives|go|goes|sleep|sleeps|play|plays"),
    Rule(("threat",), "high", "your|ur|her|his days are numbered"),
    Rule(("threat",), "high", "you|u AM dead meat|man|woman|bitch"),
)  # fmt: skip

RULES = Language(
    code="en",
    classes=_CLASSES,
    rules=_RULES,
    # Beside an English phrase others tell of it in their own language.
    report=re.compile(
        any_of(
            "wrote written he_said she_said who_said someone_said somebody_said people_said said_i said_that was_told told_me"
            " told_her told_him threatened threatening threatens death_threat* sentenced convicted court arrested quote quoted"
            " according_to received yelled shouted screamed mejl* sms* meddelande* brev* kommentar* viesti* kommentti*"
        ).pattern
        + f"|{swedish.RULES.report.pattern}|{finnish.RULES.report.pattern}"
    ),
    fiction=re.compile(
        any_of(
            "book books novel film films movie movies episode season game games match player players boss level lyrics lyric song"
            " songs chapter raid kills minecraft character characters finale villain chess playlist soundtrack album"
        ).pattern
        + f"|{swedish.RULES.fiction.pattern}|{finnish.RULES.fiction.pattern}"
    ),
    animals=any_of(
        "wolf wolves bear bears moose deer boar boars fox foxes cormorant* seal seals dog dogs hunt* chicken*"
    ),
    negation=frozenset(["not", "n't", "n’t", "nt", "never", "no", "nobody", "without", "t"]),
    spared=frozenset(["only", "just"]),
    harmless=re.compile(
        r"shoot\s+(?:you|u|ya|her|him|ƿ+(?:\s+ƿ+)*)\s+(?:a|an|the|some|over)\s+(?:\w+\s+)?(?:message|mail|e-?mail|text|dm|pm|line"
        r"|note|question|questions)|(?:kill|murder|slaughter|drown)\s+(?:you|u|ya|her|him|ƿ+(?:\s+ƿ+)*)\s+(?:with|in)\s+(?:kindness|love|hugs)(?!\w)"
        r"|(?:kill|murder|slaughter|shoot)\s+(?:you|u|ya|her|him|ƿ+(?:\s+ƿ+)*)\s+(?:at|in)\s+(?:\w+\s+)?(?:chess|fifa|golf|tennis|hockey"
        r"|football|padel|quiz|debate|polls|elections?|match)(?!\w)"
        r"|hang\s+(?:you|u|ya|her|him|ƿ+(?:\s+ƿ+)*)\s+(?:guys|a|an|the|out|up)(?!\w)|shot\s+(?:into\s+(?:space|orbit)|in\s+the\s+arm)"
        r"|(?:kill|execute|hang|shoot|drown|gut)\s+her\s+(?:\w+\s+)?(?:proposal|motion|bill|plan|idea|career|budget|project|order|reform"
        r"|party|campaign|vibe|mood|amendment)s?(?!\w)|stab\s+(?:you|u|her|him|ƿ+(?:\s+ƿ+)*)\s+in\s+the\s+back|dead\s+(?:to\s+me|wrong|right|tired)"
    ),
)
