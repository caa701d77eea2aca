//! The words of Spanish headers: what they mean, then the words.

pub(super) const WORDS: &[(&str, &str)] = &[
    ("security", "seguro seguridad"),
    ("tax", "impuesto"),
    ("taxid", "rfc nif cif cuit cuil"),
    ("vat", "iva"),
    ("national id", "dni curp nie rut cedula"),
    ("national", "nacional"),
    ("license", "licencia"),
    ("passport", "pasaporte"),
    ("document", "documento"),
    ("card", "tarjeta"),
    ("credit", "credito"),
    ("expiry", "caducidad vencimiento vence vto"),
    ("holder", "titular"),
    ("question", "pregunta"),
    ("account", "cuenta"),
    ("bank", "banco bancaria"),
    ("bank account", "clabe"),
    ("password", "contrasena clave"),
    ("user", "usuario"),
    ("secret", "secreto"),
    ("key", "llave"),
    ("email", "correo"),
    ("phone", "telefono movil celular"),
    ("address", "direccion domicilio dir"),
    ("street", "calle"),
    ("city", "ciudad localidad poblacion"),
    ("state", "provincia"),
    ("region", "comunidad municipio comuna ayuntamiento"),
    ("estado", "estado"),
    ("zip", "cp"),
    ("position", "latitud longitud"),
    ("web", "foto"),
    ("name", "nombre nombres"),
    ("first", "primer primero"),
    ("last", "ultimo ultima"),
    (
        "person",
        "persona contacto destinatario beneficiario alumno alumna profesor profesora tecnico \
         cajero cajera asesor asesora ejecutivo vendedora supervisora coordinador coordinadora \
         directora docente maestro maestra tutora entrenador jugador conductor chofer piloto \
         autor autora escritor artista actriz cantante compositor fotografo creador revisor \
         aprobador responsable encargado encargada solicitante postulante candidato candidata \
         reclamante demandante demandado victima testigo sospechoso funcionaria abogado \
         abogada juez alcalde senador senadora diputado diputada representante presidente \
         presidenta secretario tesorero madre padre hijo hija hijos esposo esposa conyuge \
         hermano hermana amigo donante heredero remitente receptor firmante orador asistente \
         participante encuestado residente ciudadano ciudadana votante inquilino propietario \
         propietaria dueno duena garante fiador aval deudor acreedor trabajador trabajadora \
         operario operaria estudiante estudiantes alumnos doctora enfermero enfermera \
         terapeuta autorizado legislador gerente jefe jefa",
    ),
    ("full", "completo"),
    ("surname", "apellido apellidos"),
    ("company", "empresa"),
    ("suffix", "tratamiento"),
    ("birth", "nacimiento nac"),
    (
        "trait",
        "edad genero sexo ocupacion profesion oficio nacionalidad salario sueldo nomina \
         discapacidad civil deuda sangre estudios partido voto alergia alergias sintoma \
         sintomas vacuna vacunas medicamento medicamentos cirugia enfermedad fumador tabaco \
         embarazo embarazada fe iglesia afiliacion ideologia orientacion condena delito \
         detenido inmigrante jubilacion subsidio parentesco defuncion fallecido muerte grado \
         escolaridad carrera remuneracion remuneraciones haberes honorarios patrimonio \
         vivienda sindicato sindical gremio tutela indigena migrante convive beca becado \
         conducta prestacion antecedentes trabajo presente asistencia raza",
    ),
    ("note", "notas comentario comentarios observaciones obs mensaje"),
    ("description", "descripcion texto"),
    ("number", "numero"),
    ("code", "codigo cod"),
    (
        "party",
        "cliente distribuidor miembro patrocinador proveedor vendedor socio comprador \
         fabricante productor productora importador exportador contratista operador \
         transportista arrendador arrendatario franquiciado aseguradora distribuidora \
         proveedora clienta editorial",
    ),
    (
        "thing",
        "pedido factura transaccion pago envio linea venta contrato poliza lote proyecto \
         matricula campana isla cotizacion recibo boleta caja cajas paquete contenedor rollo \
         flota pasillo estante estanteria zona seccion muelle puerta puerto plataforma cartera \
         fondo asiento partida apunte centro gerencia oficina secretaria liga temporada torneo \
         ronda tema capitulo leccion examen conferencia programa facultad universidad \
         institucion instituto escuela colegio biblioteca organismo entidad ministerio juzgado \
         expediente permiso norma ley enmienda mocion alerta incidente incidencia tarea tareas \
         hito riesgo archivo carpeta documentoid pagina columna hoja tramite solicitud orden \
         remito remision guia albaran comprobante cheque cuota cobro cobranza compras ventas \
         licitacion oferta oportunidad anuncio encuesta eleccion mesa circuito finca parcela \
         inmueble ruta viaje vuelo trayecto parada tanque rubro dependencia camara comision \
         bloque sesion dictamen acta asunto falla averia subcuenta variedad mayoria \
         comprobantes establecimiento obra licitaciones adjudicacion comercializacion \
         ubicacion pasaje recorrido tramo barra barras planilla insumos subproducto potrero \
         galpon sede plantel nodo",
    ),
    ("thing code", "referencia"),
    (
        "period",
        "periodo ano mes trimestre semana dia anio horario plazo anual semanal diario diaria \
         bimestre cuatrimestre ejercicio gestion anos",
    ),
    ("date", "fecha hora tiempo"),
    (
        "event",
        "inscripcion alta baja creacion entrega inicio fin compra acceso conexion estreno \
         creado actualizado actualizacion modificado modificacion emision emitido recepcion \
         recibido recibida despacho enviado salida llegada apertura cierre vencido pagos \
         lanzamiento publicacion publicada instalacion mantenimiento reparacion revision \
         inspeccion visita cita reserva reservacion inscrito matriculacion contratacion \
         nombramiento cese designacion egreso retiro devolucion cancelacion anulacion anulado \
         aprobacion aprobado rechazo solicitado asignacion asignado resuelto finalizado \
         finalizacion inicial termino terminacion hasta previsto prevista estimada estimado \
         real programada programado captura capturado cargado corte antiguedad adquisicion \
         vigencia suscripcion postulacion resolucion autorizacion embarque desembarque retorno",
    ),
    ("by", "por"),
    (
        "amount",
        "cantidad importe monto base descuento puntos limite saldo creditos duracion \
         presupuesto votos popularidad largo alto masa tasa unidades cant costos montos neto \
         bruto impuestos porcentaje porc margen ganancia perdida utilidad debito debe haber \
         abono cargo cargos anticipo abonos cuotas interes recargo bonificacion flete ancho \
         profundidad espesor diametro superficie metros mts m2 m3 litros kilos kilogramos \
         toneladas piezas inventario minimo maximo merma rotacion consumo demanda produccion \
         capacidad carga rendimiento eficiencia disponibilidad velocidad distancia kilometraje \
         kilometros horas minutos segundos dias meses demora espera visitas clics impresiones \
         vistas descargas seguidores habitantes hogares nacimientos casos viviendas hectareas \
         afirmativos negativos abstenciones ausentes presentes inversion ejecutado devengado \
         girado pagado pim pia certificado recaudacion facturacion indice coeficiente \
         desviacion mediana varianza diferencia variacion crecimiento acumulado subtotales \
         unitario precipitacion humedad potencia energia voltaje goles partidos ganados \
         perdidos empatados cupo cupos vacantes asientos matriculados aprobados reprobados \
         participantes asistentes adjudicado subvencion aporte aportes transferencias \
         cantidades existente faltante sobrante vendido vendida vendidas comprado producido \
         rendimientos quintales bultos cajones docenas unitaria totales retraso vencida \
         vencidas exactitud pagadas rezago cobertura cumplimiento avance ejecucion devengados \
         asignada comprometido financiamiento subsidios excedente faltantes superavit objetivo \
         efectividad productividad consumido cilindrada caballos puertas habitaciones banos \
         lluvia viento nubosidad altitud elevacion caudal turbidez conductividad camas plazas \
         butacas aforo",
    ),
    (
        "type",
        "tipo rango nivel categoria forma canal rol especie modelo tipologia clasificacion \
         subcategoria subtipo familia subfamilia fase etapa prioridad medida um presentacion \
         empaque acabado calidad variante formato etiqueta coleccion tarifa modalidad regimen \
         sistema opcion jornada turno turnos segmento ramo giro industria sigla siglas \
         especialidad urgencia dificultad sentido lado tamano sabor textura tela combustible \
         transmision destino medio fuente periodicidad frecuencia ciclo subgrupo sentencia \
         escenario metrica indicador denominacion comercial fantasia alcance estrato quintil \
         adjetivo procedimiento binomio metodo banda modo criticidad clima",
    ),
    ("weight", "peso"),
    ("group", "grupo"),
    ("title", "titulo"),
    (
        "flag",
        "activo activa disponible agotado publicado destacado urgente valido pendiente \
         facturable importado fragil perecedero habilitado habilitada vigente obligatorio \
         opcional principal predeterminado exento",
    ),
    ("country", "pais continente"),
    ("language", "idioma"),
    ("currency", "moneda"),
    ("amount ware", "precio costo coste existencias existencia"),
    ("body", "estatura talla"),
    (
        "either",
        "ingresos evaluacion calificacion alcohol puntaje puntuacion puntajes satisfaccion \
         gasto gastos temperatura presion tension oxigeno ausentismo mora",
    ),
    ("event ingreso", "ingreso"),
    (
        "link",
        "de del el los las para con sin al un una otro otra otros segun nuevo nueva anterior \
         final preferido preferida historico historica externo externa relacionado asociado \
         correspondiente diferente la y en o",
    ),
    ("party staff", "empleado"),
    (
        "period amount",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre \
         diciembre lunes martes miercoles jueves viernes sabado domingo ene abr ago dic",
    ),
    ("period monthly", "mensual"),
    ("stat", "promedio"),
    (
        "thing good",
        "producto articulo equipo mercancia insumo repuesto pieza componente pelicula libro \
         disco cancion juego plato maquina maquinaria herramienta deposito vehiculo auto coche \
         camion mueble servicio cultivo",
    ),
    (
        "thing named",
        "almacen sucursal aula curso materia bodega tienda local locales asignatura modulo \
         sala salon edificio estacion planta habitacion",
    ),
    ("thing named depto", "departamento"),
    ("thing type", "unidad"),
    ("trait care", "paciente pacientes"),
    ("type state", "estatus"),
    ("type ware", "marca envase embalaje"),
    (
        "vague",
        "motivo resultado concepto condicion causa razon detalle origen naturaleza clase \
         observado nativo natal",
    ),
];
