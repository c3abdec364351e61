"""The words by which languages in Latin script are told apart: data for ``bloghub.lib.language`` alone.

Each line holds the commonest short words of a language. Words shared by several languages count little (the detector
divides their weight), so what tells close relatives apart (da/nb, pt/es, cs/sk) matters most.
"""

STOPWORDS: dict[str, str] = {
    "en": "the of and to in is that for it with as was on are be this have from at by not or an you we but they "
    "which will can has their if more when there been would about what so who its our your all were had "
    "his her how than into these some could also just my me do don't it's i i'm out up no",
    "fi": "ja on ei se että en oli olla ole mutta kun joka sen myös niin kuin hän tai jos vain nyt ovat mitä "
    "tämä minä sitä jo siitä voi ollut ennen sekä jonka mukaan vielä kanssa sitten kaikki tämän minun "
    "olen olisi eikä jotka kuten koska hyvin joten siis tässä noin enemmän mikä",
    "sv": "och att det som en på är av för med den till inte har de ett om var jag men sig från vi så kan han "
    "när ska nu också efter eller hon där än bara blir mycket vid mot vara under upp hade skulle vad "
    "finns detta dem mig alla denna hur här utan andra",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden "
    "aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur "
    "oder aber vor zur bis mehr durch man sein wurde wenn wir ich kann diese dieser sehr",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec "
    "ou son mais nous comme été cette tout elle fait ses être deux même aux sans peut leur aussi bien "
    "entre je vous ont on c'est qu'il j'ai d'un d'une n'est cela très ces sa",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más o pero sus le ha me si "
    "sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está "
    "mi porque qué sólo han yo hay vez puede todos así nos ni es",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem "
    "à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois "
    "sem mesmo aos ter seus quem nas me esse eles estão você são",
    "it": "di e il la che in un a per è una sono con non del si da le dei i al come più anche ma della lo nel "
    "alla ha gli o se questo ci su dal nella delle mi essere ho cui molto quando tra quello sia fatto due "
    "stato perché solo io c'è degli dalla questa",
    "nl": "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar door bij of uit nog "
    "naar heeft wordt deze worden over tot hebben die ze hij was meer geen je wat kan ik dit wel werd "
    "zich we al zou moet veel hun onder mijn",
    "da": "og i at det er en til på af der den de med for ikke som et har jeg var fra men om man vi kan han så "
    "hvad også eller skal efter nu blev ved blive hvor mig over havde bliver når sig hun uden mere kun "
    "meget hvis nogle nogen være mange deres kunne selv bare min siger",
    "nb": "og i det er på en til som at av for med har ikke de jeg den vi et om var fra men så kan også du hva "
    "eller seg meg bare skal etter ved da ble blir hvor når mer være noe noen hadde over uten hvis mye "
    "deg bli kommer veldig sin vil mange deres kunne selv gjøre",
    "pl": "w i na z nie się do to jest że o jak ale po co za od przez tak dla czy są był tylko już było może "
    "ich jego być przy bardzo tym także oraz jej go lub pod mnie tego które który która ze by więc kiedy "
    "gdy jeszcze można jako będzie",
    "cs": "a v se na je že s z do o i to k ve pro za by ale si po jsem jako jak od tak co které který nebo už "
    "byl jeho ze jsou bylo být podle jen při až aby také která není mezi tím může však jejich ještě když "
    "má pak jsme",
    "hu": "a az és hogy nem is egy ez de volt csak meg már van mint ha vagy el ki még amely azt sem után minden "
    "így aki lehet ezt nagyon kell ami pedig majd mert ezek között több én fel nincs most olyan által "
    "szerint illetve",
    "tr": "ve bir bu da de için ile çok daha olarak gibi olan ne var kadar o ama en sonra ben değil mi olduğu "
    "ki her bana iki kendi şey ya ise nasıl zaman önce bunu bile diye veya oldu göre yok üzerinde böyle",
    "et": "ja on ei et see ka kui oli ta aga mis siis ma ning seda nii oma või kes selle mida ole tema veel "
    "ainult nagu juba olid välja pole väga mitte kõik sest üks minu sellest kus olla saab peab meie ise",
    "ro": "și de în a la cu nu pe o este un că din se pentru mai care sunt ce dar au fost sau ca fi al lui prin "
    "după fără acest această ale cum dacă am foarte până doar când",
    "ca": "de la i el que a en els un per les amb no es una del al més ho però com seva són també ser està va "
    "han ha dels aquest aquesta si molt perquè hi ens pels tot",
    "sk": "a v sa na je že s z do o aj to k vo pre za by ale si po som ako od tak čo ktoré ktorý alebo už bol "
    "jeho zo sú bolo byť podľa len pri až aby tiež ktorá nie medzi môže však ich ešte keď má",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada "
    "mereka lebih kata tahun sudah atau saat oleh menjadi orang ia telah adalah seperti sebagai bahwa "
    "dapat para harus namun kita",
    "vi": "và của là có được cho không trong một các với những người này đã để đến khi từ cũng như về ra nhiều "
    "sẽ vào phải trên làm tôi nhưng thì lại năm nếu rất đó",
}

# Letters that settle it between languages of one script: more of these than of any rival's means this language.
CYRILLIC_LETTERS = {"uk": "іїєґ", "be": "ўі", "bg": "ъ", "sr": "јљњђћџ", "ru": "ыэё"}
ARABIC_LETTERS = {"fa": "پچژگکی", "ur": "ٹڈڑںےہ", "ar": "ةىيكإأؤئ"}
